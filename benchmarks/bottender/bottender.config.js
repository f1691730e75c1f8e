// Sessions in memory, as it is set up by default, with room for everybody who is measured.
module.exports = {
  session: { driver: 'memory', stores: { memory: { maxSize: 1000000 } } },
  initialState: {},
  channels: {
    telegram: {
      enabled: true,
      path: '/webhooks/telegram',
      accessToken: process.env.TELEGRAM_ACCESS_TOKEN,
      origin: process.env.TELEGRAM_ORIGIN,
    },
  },
};
