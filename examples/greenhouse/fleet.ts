// fleet.ts
import { createFleet } from 'devicehub'
import { store } from './store.ts'
import { types } from './types.ts'

export const fleet = createFleet({
  types,
  store,
  pepper: process.env.PEPPER, // passwords are stored as HMAC-SHA-256 under this key
  sealingKey: process.env.SEALING_KEY!, // and sealed under this one, since Mosquitto is told them
  services: [{ username: 'hub', password: process.env.HUB_PASSWORD!, rules: 'hub' }],
})
