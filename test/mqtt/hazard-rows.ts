/**
 * What a user of this library need not look after: each guarantee with the test that shows it. `…` in
 * a title stands for what a template fills in.
 *
 * @module
 */

/** Guarantees and the titles of their tests, by the file they are in, as seen from test/. */
export type Guarantees = Readonly<Record<string, Readonly<Record<string, string>>>>

export const guarantees: Readonly<Record<string, Guarantees>> = {
  connecting: {
    'mqtt/connect': {
      'importing the adapter loads and dials nothing':
        'loads and dials nothing before it is asked to',
      'a closed port ends in an error, over WebSocket too':
        'to a closed port over …: is unreachable',
      'a peer that says nothing is given up in time':
        'to a listener that never answers over …: takes no longer than allowed',
      'connecting can be given up at any time': 'can be aborted over …:',
      'and closed at any time': 'can be closed over …:',
      'a peer that is no broker is told as unreachable':
        'to something that is no MQTT broker is unreachable',
      'a first login that is refused is an error, and is not repeated unasked':
        'refused with 0x… is …, and not tried again',
    },
    'mqtt/wait-for-broker': {
      'it is repeated where that is asked for':
        'is made when the broker takes the login, whatever it answered before',
    },
    'mqtt/credentials': {
      'a login that cannot be had is an error, and not waited for without end':
        'a function that takes too long is given up',
    },
    'mqtt/client-id': {
      'a client id is always known, and no other client has it':
        'is another one for each client of …',
      'a session belongs to the user name that it was made for': 'of a user name begins with it',
    },
    'mqtt/token-login': {
      'and ends no later than its token': 'no longer than a token has left',
    },
    'mqtt/tls': {
      'a bad certificate is a coded error on every runtime':
        'every kind of certificate ends as it should',
    },
    'mqtt/config': {
      'a scheme that is none is refused when it is configured': '… is refused by name',
    },
    'mqtt/streams': {
      "connections of one process do not choose each other's transport":
        'each goes over its own transport, first …: and then …:',
    },
    'mqtt/hazards-permissions': {
      'the permissions that Deno needs are few':
        'the address of the broker and the environment are all that is needed',
      'one that is missing is named':
        'an address that is not allowed is unreachable, and the permission is named',
      'and not taken for a missing package':
        'an environment that is not allowed is told as that, by the permission',
    },
    'mqtt/without-ws': {
      'without the package for WebSockets there is one, or the package is named':
        '…: ws: is …, wss: names the package',
    },
    'package/pack': { 'the packed package runs on Node, Bun and Deno': '… on …' },
    'browser/bundle': {
      'a bundle for browsers or workers needs no module of Node': 'for …',
      'nor does a bundler look for one':
        'the names of modules of Node are hidden from every bundler alike',
    },
    'conformance/cells': {
      'a transport that a runtime does not have is refused by name': '… is refused by name',
    },
    'browser/cases': {
      'an authority that a runtime would not heed is, too':
        'an authority of its own is refused by name',
      'a program bundled for browsers or workers runs there':
        'a message of 200 kB and a thousand small ones go both ways',
      'a closed port is told there, too':
        'where nothing listens, or not at that path, it is unreachable',
      'so is a certificate that is not trusted': 'with a certificate that is not it does not',
    },
    'browser/workerd': {
      'a worker that keeps a connection too long is told so':
        'a worker cannot: in the next request it fails, and says so: …',
      'what a request of a worker leaves open does no harm':
        'one that a request leaves open does no harm to the next request: …',
      'a Durable Object may keep a connection':
        'a Durable Object keeps one from request to request: …',
    },
  },

  'asking the broker and hearing its answer': {
    'mqtt/publish': {
      "a refused publish has the broker's reason code": '0x… is …',
      'that nobody has subscribed is no failure': '"no matching subscribers" is no failure',
    },
    'mqtt/hazards-publishing': {
      'so has one of QoS 2': 'with 0x… is …, and the next one goes out',
      'user properties are a plain object, whatever their names':
        'keeps user properties named as members of an object',
      'bytes are a plain Uint8Array': 'is plain bytes, whatever the runtime reads into',
    },
    'mqtt/hazards-settling': {
      'one that the broker answers by hanging up settles':
        'a publish of QoS 2 that the broker denies rejects',
    },
    '../src/testing/broker/delivery': {
      'user properties arrive as they were sent':
        'user properties arrive, with one value and with several',
      'so do correlation data, response topic and content type':
        'correlation data, response topic and content type arrive',
      'and the time a message has left': 'a message with an expiry arrives before that',
    },
    'mqtt/subscribe': {
      'each filter gets its own answer': '0x… for one filter is …, naming it',
      'whatever the order of the filters': 'goes to each filter, whatever their order and names',
      'the QoS that was granted is told': 'may grant a lower QoS',
      'a share that the broker does not have becomes a plain subscription, and says so':
        'is a plain one where the broker says that it has none',
      'so does one that it refuses': 'is a plain one where the broker refuses it as not supported',
      'the same filter may be shared and plain': 'the same filter shared and plain gives both',
      'an answer that never comes ends in an error': 'is waited for no longer than allowed',
    },
    'mqtt/unanswered': {
      'and costs a connection, not its packet identifier':
        'ends the connection, which is made again without it',
      'a broker is asked for one thing after another': '… are sent one after another',
    },
    'mqtt/hazards-subscribing': {
      'what is refused costs nothing that is granted':
        'leaves the others standing, after a reconnect too',
      'a filter that is subscribed again is sent again':
        'is sent each time, with a higher, the same or a lower QoS',
      'and has the options of the last time': 'has its last QoS, after a reconnect too',
      'a capability that the broker does not speak of counts as there':
        'a capability that the broker does not speak of is there',
    },
    'broker/guarded': {
      'what the rules deny is refused, even where a broker grants it in words only':
        '… is refused, and nothing is sent',
    },
    'mqtt/reconnect': {
      'why the broker ended a connection is told': 'tells why the broker ended the connection',
    },
  },

  'sending what may be sent': {
    '../src/testing/broker/lifecycle': {
      'a malformed topic is refused, and the connection still works':
        'publishing to a malformed topic rejects, and the connection still works',
    },
    'mqtt/publish': {
      'so is a payload or property of the wrong kind or length':
        '… is refused by name, and the connection still works',
      "the broker's receive maximum bounds what is on its way":
        'bounds the messages in flight; the others wait their turn',
      'its limits of QoS, retain and size are kept':
        'what it cannot take is refused here, and the connection still works',
      'thousands of messages at once arrive, in order': '2,000 with QoS … all arrive, in order',
    },
    'mqtt/hazards-settling': {
      'nothing is sent of what cannot be sent whole':
        'an ArrayBuffer as … is refused, and no byte of it is sent',
    },
    '../src/testing/broker/subscriptions': {
      'a malformed filter is refused before anything is subscribed':
        'with a malformed filter nothing is subscribed',
      'a share is asked for by name, not by a prefix': 'a share prefix in a filter is refused',
    },
    'mqtt/hazards-subscribing': {
      'nothing is sent of what cannot be subscribed': '… is refused, and no byte of it is sent',
    },
    'mqtt/hazards-load': {
      'thousands of publishes at once settle on a broker with its own limits':
        'takes … publishes of QoS … made at once, without a warning',
    },
    'mqtt/hazards-publishing': {
      'more publishes at once than there are packet identifiers settle':
        '… publishes at once all settle, whatever the broker takes at a time',
    },
  },

  'losing the connection': {
    'mqtt/reconnect': {
      'a publish settles when the connection is lost before the answer':
        'settles a publish in flight',
      'subscriptions are there again after a reconnect':
        'is made again when the broker is back, with its subscriptions',
      'one that is refused then is told': 'reports a subscription that is refused this time',
      'closing settles while disconnected': 'does not keep close from settling',
      'a silent peer is noticed':
        'and silence count alike: a frozen broker is noticed by keepalive',
    },
    'mqtt/hazards-settling': {
      'so does a subscribe': 'a subscribe that was on its way has settled',
      'and everything that waits behind what is on its way':
        'and is lost then leaves no publish of QoS … pending',
      'without a connection nothing is kept unasked':
        'what is asked rejects at once with every QoS, and does not happen later',
      'closing settles while a reconnect stands still':
        'and is dialled again does not keep close from settling',
    },
    'mqtt/hazards-subscribing': {
      'subscriptions are complete even if restoring them was cut short':
        'are made again if that was cut short, though the session is there by then',
      'and are not repeated for nothing': 'are not made again in a session that the broker kept',
    },
    'mqtt/publish': {
      'what was sent is told from what was not':
        'a lost connection tells what was sent from what was not',
      'an answer that never comes ends in an error': 'is waited for no longer than allowed',
      'closing settles though an answer never comes':
        'that never comes does not keep close from settling',
      'closing waits for the answers that come': 'is waited for by close',
    },
    'faults/half-open': {
      'a publish of QoS 2 cut half way leaves nothing behind':
        'before a … of MQTT … leaves nothing behind in the session',
    },
    'faults/refused': {
      'a login that was right and is refused at a reconnect is tried again':
        'that was right before is tried again until it is, with MQTT …',
    },
    'mqtt/refusals': {
      'so is any other refusal, and each is told':
        'refused with … is told as …, and made after all',
      'ever more slowly':
        'after refusals lie between half of 1 second and it, doubled up to 60 seconds',
    },
    'mqtt/schedules': {
      'no outage keeps a client offline for longer than is said':
        'is there again in time, and is no nuisance until then, …',
      'and a wrong login hammers no broker':
        'with a wrong login comes twice a minute in the end, …',
    },
    'mqtt/token-login': {
      'but for a token that has expired': 'and is refused with 0x… at a reconnect ends the broker',
    },
    'mqtt/status': {
      'attempts to connect again come at growing intervals':
        'is followed by pauses that double, up to 30 seconds',
    },
    'mqtt/offline-queue': {
      'thousands of messages may wait for a connection':
        'gets … messages of QoS … that waited for it, in order',
      'they are sent after the subscriptions are there':
        'is sent after the subscriptions are made again, and before newer ones',
    },
    'mqtt/offline-queue-property': { 'their number is bounded': 'does what the model does: …' },
    'mqtt/offline-queue-faults': {
      'what is not known to have failed is not sent twice':
        'through … cuts of the network the order is kept, and nothing comes twice',
    },
    '../src/testing/broker/lifecycle': {
      'closing what was never connected settles': 'close settles twice, and before connect too',
    },
    'mqtt/acknowledge': {
      'what waits in a session reaches the handler':
        'what a durable session has waiting reaches the handler, which can publish',
    },
  },

  'handling and acknowledging': {
    'mqtt/acknowledge': {
      'a message is acknowledged after its handler':
        '…: what was not handled when the process died comes again',
      'what was handled does not come again after close':
        '…: what was handled before close does not come again',
      'a message of QoS 2 is handled once':
        'QoS 2: such a message is handled once, if that ends … the reconnect',
      'what is not acknowledged comes again after a reconnect':
        'QoS 1: a message whose handler runs while the connection is made again comes again',
      'a slow handler holds up no acknowledgement of another':
        'is sent in the order in which handlers end',
      'the broker is told of a handler that failed': 'of QoS … says whether the handler failed',
    },
    'mqtt/hazards-handling': {
      'a handler that throws stops nothing, whatever it throws':
        '… is told, and the next message is handled',
      'an acknowledgement answers its own message':
        'QoS …: an acknowledgement goes over no other connection than its message',
      'a broker that sends too much at once overruns no handler':
        'a broker that sends more than it may is held to the window, and all is acknowledged',
      'nor does the backlog of a session':
        'of … messages of QoS … is handled … at a time, each once',
    },
    '../src/testing/broker/handlers': {
      'a handler that throws is told, with every QoS':
        'a handler that rejects or throws is reported, and the next message arrives',
      'several run at once, and no more than may':
        'at most receiveMaximum handlers run at once, and all messages arrive',
      'they may publish and wait for the answer':
        'handlers may publish and wait for that, in every slot of the window',
    },
    'mqtt/hazards-thrown': {
      'a logger that throws stops nothing':
        'stops no message of the device, and does not keep close from settling',
    },
    'mqtt/flow': {
      'they may take longer than the keepalive':
        'QoS …: handlers longer than the keepalive keep the connection',
      'what waits for them waits in the broker':
        'over …: stop reading when the window is full, and then get it all',
    },
    'faults/slow': {
      'input faster than they are costs no memory':
        'costs no memory, no connection and no order: the broker holds what waits',
    },
    'faults/killed': {
      'a member of a share group that is killed loses nothing':
        'by … hubs of a share group, one of which is killed and comes back',
    },
    'hub/seen': {
      'a message that comes again can be told without its DUP flag':
        'a hub that starts again with it handles nothing again',
    },
  },

  'doing so at speed': {
    'mqtt/hazards-load': {
      'an answer does not wait for a delayed TCP acknowledgement':
        'a TCP socket is told not to hold small segments back',
      'a large message goes over WebSocket in both directions':
        'carries a megabyte over WebSocket in both directions',
      'many large ones in a row do not stall':
        'takes 16 megabytes in a row over …: without a stall',
    },
    'mqtt/streams': {
      'all that is written in one turn is one WebSocket frame':
        'carries all that is published in one turn in one frame',
    },
    'mqtt/sent-packet': {
      'a message is written as the protocol has it':
        'a PUBLISH is written as the package writes it',
    },
    'mqtt/received-packet': {
      'packets are not mixed up however they are cut':
        'come out in order, each as it was sent, however they are cut',
    },
  },

  'using the embedded broker': {
    'embedded/runtime': {
      'it does not start where it would not work':
        'in a Cloudflare worker, which has a process as Node has',
    },
    'embedded/flood': {
      'a hub that does not read while a device floods it costs neither memory nor the process':
        'of a device to a hub that does not read stays within the bounds, and others are served',
    },
  },
}
