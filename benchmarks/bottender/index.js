// The conversation of four lines, word by word as in benchmarks/telegram_bot.py.
const { router, text } = require('bottender/router');

const MENU = {
  keyboard: [[{ text: 'My pay' }], [{ text: 'My passport' }], [{ text: 'Somebody to talk to' }]],
  oneTimeKeyboard: true,
  resizeKeyboard: true,
};

async function Begin(context) {
  context.setState({ step: 'choosing' });
  await context.sendText('How can we help?', { replyMarkup: MENU });
}

async function Chosen(context) {
  context.setState({ step: 'holder' });
  await context.sendText('Who has your passport?', { replyMarkup: { removeKeyboard: true } });
}

async function Held(context) {
  context.setState({ step: 'since', holder: context.event.text });
  await context.sendText('Since when?');
}

async function Done(context) {
  context.setState({ step: '', since: context.event.text });
  await context.sendText('Thank you. A colleague will read it.');
}

module.exports = async function App(context) {
  if (context.state.step === 'holder') return Held;
  if (context.state.step === 'since') return Done;
  return router([text('hello', Begin), text('My passport', Chosen)]);
};
