/**
 * RabbitMQ with its MQTT plug-in and its HTTP back end.
 *
 * @module
 */
import { needPlain, type RoutesAddress } from '../configuration/address.ts'
import { composeFile } from '../configuration/compose.ts'
import type { GeneratedConfig } from '../configuration/generated.ts'
import { SECRET_PLACEHOLDER, secretNote } from '../configuration/secret.ts'

/** See `BrokerConfiguration`. */
export function configuration(address: RoutesAddress): GeneratedConfig {
  needPlain(address, 'how RabbitMQ is to check a certificate differs between its versions')
  const routes = `${address.url}/rabbitmq/${SECRET_PLACEHOLDER}`
  return {
    files: [
      {
        path: 'rabbitmq.conf',
        text: `${[
          'auth_backends.1 = http',
          'auth_http.http_method = post',
          ...['user', 'vhost', 'resource', 'topic'].map(
            (question) => `auth_http.${question}_path = ${routes}/${question}`,
          ),
          'mqtt.allow_anonymous = false',
          'mqtt.listeners.tcp.1 = 0.0.0.0:1883',
          'listeners.tcp = none',
        ].join('\n')}\n`,
      },
      {
        path: 'advanced.config',
        text: '[{rabbitmq_mqtt, [{ignore_colons_in_username, true}]}].\n',
      },
      { path: 'enabled_plugins', text: '[rabbitmq_mqtt, rabbitmq_auth_backend_http].\n' },
      {
        path: 'compose.yaml',
        text: composeFile({
          name: 'rabbitmq',
          image: 'rabbitmq:4',
          asks: address.host,
          mounts: {
            './rabbitmq.conf': '/etc/rabbitmq/rabbitmq.conf',
            './advanced.config': '/etc/rabbitmq/advanced.config',
            './enabled_plugins': '/etc/rabbitmq/enabled_plugins',
          },
          data: '/var/lib/rabbitmq',
          // Otherwise it is named after its container, and finds its data under that name alone.
          environment: { RABBITMQ_NODENAME: 'rabbit@localhost' },
        }),
      },
    ],
    notes: [
      secretNote(),
      'A client needs its user name as client id, or one that begins with it and two slashes: RabbitMQ finds a session by its client id alone.',
      'Without docker the three files go to /etc/rabbitmq/; write "mqtt.listeners.tcp.1 = 127.0.0.1:1883" there. "listeners.tcp = none" is AMQP: nobody could log in over it.',
    ],
  }
}
