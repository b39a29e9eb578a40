/**
 * What RabbitMQ 3.10.8 asks about MQTT clients, byte for byte: `POST` with a form as its body, to one
 * of four routes. `contract.node.test.ts` proves that it does.
 *
 * The device is `weatherstation/STATION-001` with its user name as client id, where the name does not say
 * otherwise.
 *
 * @module
 */

/** A request: the last segment of its path, and its body. */
export interface RecordedRequest {
  readonly route: 'user' | 'vhost' | 'resource' | 'topic'
  readonly body: string
}

/** The password of the device in the fleet of the routes' tests, which is known beforehand. */
const PASSWORD = `dhs_${'1'.repeat(64)}`

/** The requests by what they are about. */
export const recorded = {
  'a login': {
    route: 'user',
    body: `username=weatherstation%2FSTATION-001&password=${PASSWORD}&vhost=%2F&client_id=weatherstation%2FSTATION-001`,
  },
  'its virtual host': {
    route: 'vhost',
    body: 'username=weatherstation%2FSTATION-001&vhost=%2F&ip=127.0.0.1&tags=&client_id=weatherstation%2FSTATION-001',
  },
  'an empty password': {
    route: 'user',
    body: 'username=weatherstation%2FSTATION-001&password=&vhost=%2F&client_id=weatherstation%2FSTATION-001',
  },
  'a user name with a colon': {
    route: 'user',
    body: `username=weatherstation%2F00%3A1A&password=${PASSWORD}&vhost=%2F&client_id=weatherstation%2FSTATION-001`,
  },
  'its virtual host, too': {
    route: 'vhost',
    body: 'username=weatherstation%2F00%3A1A&vhost=%2F&ip=127.0.0.1&tags=&client_id=weatherstation%2FSTATION-001',
  },
  'a user name behind a virtual host': {
    route: 'user',
    body: `username=STATION-001&password=${PASSWORD}&vhost=%2F&client_id=weatherstation%2FSTATION-001`,
  },
  'that virtual host': {
    route: 'vhost',
    body: 'username=STATION-001&vhost=%2F&ip=127.0.0.1&tags=&client_id=weatherstation%2FSTATION-001',
  },

  'the exchange, to write': {
    route: 'resource',
    body: 'username=weatherstation%2FSTATION-001&vhost=%2F&resource=exchange&name=amq.topic&permission=write&tags=&client_id=weatherstation%2FSTATION-001',
  },
  'the exchange, to read': {
    route: 'resource',
    body: 'username=weatherstation%2FSTATION-001&vhost=%2F&resource=exchange&name=amq.topic&permission=read&tags=&client_id=weatherstation%2FSTATION-001',
  },
  'the queue of QoS 0, to configure': {
    route: 'resource',
    body: 'username=weatherstation%2FSTATION-001&vhost=%2F&resource=queue&name=mqtt-subscription-weatherstation%2FSTATION-001qos0&permission=configure&tags=&client_id=weatherstation%2FSTATION-001',
  },
  'the queue of QoS 0, to read': {
    route: 'resource',
    body: 'username=weatherstation%2FSTATION-001&vhost=%2F&resource=queue&name=mqtt-subscription-weatherstation%2FSTATION-001qos0&permission=read&tags=&client_id=weatherstation%2FSTATION-001',
  },
  'the queue of QoS 0, to write': {
    route: 'resource',
    body: 'username=weatherstation%2FSTATION-001&vhost=%2F&resource=queue&name=mqtt-subscription-weatherstation%2FSTATION-001qos0&permission=write&tags=&client_id=weatherstation%2FSTATION-001',
  },
  'the queue of QoS 1, to configure': {
    route: 'resource',
    body: 'username=weatherstation%2FSTATION-001&vhost=%2F&resource=queue&name=mqtt-subscription-weatherstation%2FSTATION-001qos1&permission=configure&tags=&client_id=weatherstation%2FSTATION-001',
  },
  'the queue of QoS 1, to read': {
    route: 'resource',
    body: 'username=weatherstation%2FSTATION-001&vhost=%2F&resource=queue&name=mqtt-subscription-weatherstation%2FSTATION-001qos1&permission=read&tags=&client_id=weatherstation%2FSTATION-001',
  },
  'the queue of QoS 1, to write': {
    route: 'resource',
    body: 'username=weatherstation%2FSTATION-001&vhost=%2F&resource=queue&name=mqtt-subscription-weatherstation%2FSTATION-001qos1&permission=write&tags=&client_id=weatherstation%2FSTATION-001',
  },

  'publish data': {
    route: 'topic',
    body: 'username=weatherstation%2FSTATION-001&vhost=%2F&resource=topic&name=amq.topic&permission=write&tags=&routing_key=things.weatherstation.STATION-001.data&variable_map.client_id=weatherstation%2FSTATION-001&variable_map.username=weatherstation%2FSTATION-001&variable_map.vhost=%2F',
  },
  'publish status': {
    route: 'topic',
    body: 'username=weatherstation%2FSTATION-001&vhost=%2F&resource=topic&name=amq.topic&permission=write&tags=&routing_key=things.weatherstation.STATION-001.status&variable_map.client_id=weatherstation%2FSTATION-001&variable_map.username=weatherstation%2FSTATION-001&variable_map.vhost=%2F',
  },
  'publish with a dot in a level': {
    route: 'topic',
    body: 'username=weatherstation%2FSTATION-001&vhost=%2F&resource=topic&name=amq.topic&permission=write&tags=&routing_key=things.weatherstation.STATION.001.data&variable_map.client_id=weatherstation%2FSTATION-001&variable_map.username=weatherstation%2FSTATION-001&variable_map.vhost=%2F',
  },
  'publish with empty levels': {
    route: 'topic',
    body: 'username=weatherstation%2FSTATION-001&vhost=%2F&resource=topic&name=amq.topic&permission=write&tags=&routing_key=.things..data.&variable_map.client_id=weatherstation%2FSTATION-001&variable_map.username=weatherstation%2FSTATION-001&variable_map.vhost=%2F',
  },
  'publish with a star': {
    route: 'topic',
    body: 'username=weatherstation%2FSTATION-001&vhost=%2F&resource=topic&name=amq.topic&permission=write&tags=&routing_key=things.weatherstation.%2A.data&variable_map.client_id=weatherstation%2FSTATION-001&variable_map.username=weatherstation%2FSTATION-001&variable_map.vhost=%2F',
  },
  'publish with other characters': {
    route: 'topic',
    body: 'username=weatherstation%2FSTATION-001&vhost=%2F&resource=topic&name=amq.topic&permission=write&tags=&routing_key=things.weatherstation.S%C3%BCd+1.da%3Ata%26%3D%25%22&variable_map.client_id=weatherstation%2FSTATION-001&variable_map.username=weatherstation%2FSTATION-001&variable_map.vhost=%2F',
  },
  'publish as another': {
    route: 'topic',
    body: 'username=weatherstation%2FSTATION-001&vhost=%2F&resource=topic&name=amq.topic&permission=write&tags=&routing_key=things.weatherstation.STATION-002.status&variable_map.client_id=weatherstation%2FSTATION-001&variable_map.username=weatherstation%2FSTATION-001&variable_map.vhost=%2F',
  },

  'subscribe to cmd': {
    route: 'topic',
    body: 'username=weatherstation%2FSTATION-001&vhost=%2F&resource=topic&name=amq.topic&permission=read&tags=&routing_key=things.weatherstation.STATION-001.cmd&variable_map.client_id=weatherstation%2FSTATION-001&variable_map.username=weatherstation%2FSTATION-001&variable_map.vhost=%2F',
  },
  'subscribe with +': {
    route: 'topic',
    body: 'username=weatherstation%2FSTATION-001&vhost=%2F&resource=topic&name=amq.topic&permission=read&tags=&routing_key=things.weatherstation.%2A.cmd&variable_map.client_id=weatherstation%2FSTATION-001&variable_map.username=weatherstation%2FSTATION-001&variable_map.vhost=%2F',
  },
  'subscribe with #': {
    route: 'topic',
    body: 'username=weatherstation%2FSTATION-001&vhost=%2F&resource=topic&name=amq.topic&permission=read&tags=&routing_key=things.weatherstation.STATION-001.%23&variable_map.client_id=weatherstation%2FSTATION-001&variable_map.username=weatherstation%2FSTATION-001&variable_map.vhost=%2F',
  },
  'subscribe to everything': {
    route: 'topic',
    body: 'username=weatherstation%2FSTATION-001&vhost=%2F&resource=topic&name=amq.topic&permission=read&tags=&routing_key=%23&variable_map.client_id=weatherstation%2FSTATION-001&variable_map.username=weatherstation%2FSTATION-001&variable_map.vhost=%2F',
  },
  'subscribe with a dot in a level': {
    route: 'topic',
    body: 'username=weatherstation%2FSTATION-001&vhost=%2F&resource=topic&name=amq.topic&permission=read&tags=&routing_key=things.weatherstation.STATION.001.cmd&variable_map.client_id=weatherstation%2FSTATION-001&variable_map.username=weatherstation%2FSTATION-001&variable_map.vhost=%2F',
  },
  'subscribe with # in the middle': {
    route: 'topic',
    body: 'username=weatherstation%2FSTATION-001&vhost=%2F&resource=topic&name=amq.topic&permission=read&tags=&routing_key=things.%23.cmd&variable_map.client_id=weatherstation%2FSTATION-001&variable_map.username=weatherstation%2FSTATION-001&variable_map.vhost=%2F',
  },
  'subscribe with a share name': {
    route: 'topic',
    body: 'username=weatherstation%2FSTATION-001&vhost=%2F&resource=topic&name=amq.topic&permission=read&tags=&routing_key=%24share.hub.things.%23&variable_map.client_id=weatherstation%2FSTATION-001&variable_map.username=weatherstation%2FSTATION-001&variable_map.vhost=%2F',
  },

  'a login with other characters': {
    route: 'user',
    body: 'username=p%C3%BCmp%2FP+1%2B%26%3D%25%22&password=s3cret%26%3D+%C3%BC&vhost=%2F&client_id=pump%2FP-1%3A%C3%9C+%2B%23.%2A%26%3D%22%25',
  },
  'its virtual host, with other characters': {
    route: 'vhost',
    body: 'username=p%C3%BCmp%2FP+1%2B%26%3D%25%22&vhost=%2F&ip=127.0.0.1&tags=&client_id=pump%2FP-1%3A%C3%9C+%2B%23.%2A%26%3D%22%25',
  },
  'its queue, to configure': {
    route: 'resource',
    body: 'username=p%C3%BCmp%2FP+1%2B%26%3D%25%22&vhost=%2F&resource=queue&name=mqtt-subscription-pump%2FP-1%3A%C3%9C+%2B%23.%2A%26%3D%22%25qos0&permission=configure&tags=&client_id=pump%2FP-1%3A%C3%9C+%2B%23.%2A%26%3D%22%25',
  },
  'its queue, to read': {
    route: 'resource',
    body: 'username=p%C3%BCmp%2FP+1%2B%26%3D%25%22&vhost=%2F&resource=queue&name=mqtt-subscription-pump%2FP-1%3A%C3%9C+%2B%23.%2A%26%3D%22%25qos0&permission=read&tags=&client_id=pump%2FP-1%3A%C3%9C+%2B%23.%2A%26%3D%22%25',
  },
  'its queue, to write': {
    route: 'resource',
    body: 'username=p%C3%BCmp%2FP+1%2B%26%3D%25%22&vhost=%2F&resource=queue&name=mqtt-subscription-pump%2FP-1%3A%C3%9C+%2B%23.%2A%26%3D%22%25qos0&permission=write&tags=&client_id=pump%2FP-1%3A%C3%9C+%2B%23.%2A%26%3D%22%25',
  },
  'its exchange, to read': {
    route: 'resource',
    body: 'username=p%C3%BCmp%2FP+1%2B%26%3D%25%22&vhost=%2F&resource=exchange&name=amq.topic&permission=read&tags=&client_id=pump%2FP-1%3A%C3%9C+%2B%23.%2A%26%3D%22%25',
  },
  'its topic, to subscribe': {
    route: 'topic',
    body: 'username=p%C3%BCmp%2FP+1%2B%26%3D%25%22&vhost=%2F&resource=topic&name=amq.topic&permission=read&tags=&routing_key=x&variable_map.client_id=pump%2FP-1%3A%C3%9C+%2B%23.%2A%26%3D%22%25&variable_map.username=p%C3%BCmp%2FP+1%2B%26%3D%25%22&variable_map.vhost=%2F',
  },
} as const satisfies Readonly<Record<string, RecordedRequest>>

export type RecordedName = keyof typeof recorded
