// Sessions in memory, as it is set up by default, with room for everybody who is measured. `sync`: an update is acknowledged
// when its session is written; else the next line of somebody quick meets the session of the line before.
module.exports = {
  session: { driver: 'memory', stores: { memory: { maxSize: 1000000 } } },
  initialState: {},
  channels: {
    telegram: {
      enabled: true,
      sync: true,
      path: '/webhooks/telegram',
      accessToken: process.env.TELEGRAM_ACCESS_TOKEN,
      origin: process.env.TELEGRAM_ORIGIN,
    },
  },
};
