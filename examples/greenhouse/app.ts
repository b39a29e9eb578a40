// app.ts
import { isDeviceHubError } from 'devicehub'
import { brokerAuth } from 'devicehub/hono'
import { emqx, goAuth } from 'devicehub/products'
import { Hono } from 'hono'
import { bearerAuth } from 'hono/bearer-auth'
import { HTTPException } from 'hono/http-exception'
import { fleet } from './fleet.ts'
import { hub } from './hub.ts'
import { newestMeasurements } from './measurements.ts'
import { valve } from './types.ts'

const secret = process.env.BROKER_SECRET!

export const app = new Hono()
  .route('/iot/broker', brokerAuth(fleet, { secret, products: [emqx, goAuth] }))
  .get('/ready', (c) => c.text(hub.ready ? 'yes' : 'no', hub.ready ? 200 : 503))
  .use('/api/*', bearerAuth({ token: process.env.API_TOKEN! }))
  .get('/api/climate', (c) => {
    return c.json(newestMeasurements().map(({ at, ...rest }) => rest))
  })
  .post('/api/valves/:id/open', async (c) => {
    const payload = await c.req.json().catch(() => undefined) // what is no JSON is no payload
    return c.json(await hub.device(valve, c.req.param('id')).send('open', payload))
  })

app.onError((error, c) => {
  if (error instanceof HTTPException) return error.getResponse() // such as without the token
  if (!isDeviceHubError(error)) {
    console.error(error)
    return c.text('Internal Server Error', 500)
  }
  const { code, message } = error
  if (code === 'ERR_DEVICE_UNKNOWN') return c.json({ code, message }, 404)
  return c.json({ code, message }, code === 'ERR_PAYLOAD_INVALID' ? 400 : 502)
})
