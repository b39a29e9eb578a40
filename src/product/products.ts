/**
 * The broker products there are, by what they are called in code: the one list of them.
 *
 * @module
 */
export { authPlug } from './auth-plug/auth-plug.ts'
export { emqx } from './emqx/emqx.ts'
export { emqx4 } from './emqx4/emqx4.ts'
export { goAuth } from './go-auth/go-auth.ts'
export { mosquitto, mosquittoFiles } from './mosquitto/mosquitto.ts'
export { nanomq } from './nanomq/nanomq.ts'
export { rabbitmq } from './rabbitmq/rabbitmq.ts'
export { vernemq } from './vernemq/vernemq.ts'
