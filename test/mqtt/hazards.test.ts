/**
 * What a user of a bare MQTT client has to look after, and cannot get wrong here: each with the test
 * that shows it, in whose title `…` stands for what is filled in. The list fails where such a test is
 * gone. Not in it is what this library does not have: several ways to import the client package, topic
 * aliases, a store of outgoing messages, decisions by the DUP flag.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { describe, test } from 'node:test'

type Row = readonly [guarantee: string, file: string, title: string]

const connecting: readonly Row[] = [
  [
    'importing the adapter loads and dials nothing',
    'mqtt/connect',
    'loads and dials nothing before it is asked to',
  ],
  [
    "connections of one process do not choose each other's transport",
    'mqtt/streams',
    'each goes over its own transport, first …: and then …:',
  ],
  [
    'a scheme that is none is refused when it is configured',
    'mqtt/config',
    "[{ url: 'http://a' }, '.url', /must start with mqtt:",
  ],
  [
    'what a runtime cannot do is refused by name',
    'browser/cases',
    'an authority of its own is refused by name',
  ],
  [
    'a closed port ends in an error, over WebSocket too',
    'mqtt/connect',
    'to a closed port over …: is unreachable',
  ],
  [
    'a peer that says nothing is given up in time',
    'mqtt/connect',
    'to a listener that never answers over …: takes no longer than allowed',
  ],
  ['connecting can be given up, and closed, at any time', 'mqtt/connect', 'can be closed over …:'],
  [
    'closing one that was never connected settles',
    'conformance/lifecycle',
    'close settles twice, and before connect too',
  ],
  [
    'a bad certificate is a coded error on every runtime',
    'mqtt/tls',
    'every kind of certificate ends as it should',
  ],
  [
    'a refused login is an error, and is not repeated',
    'mqtt/connect',
    'refused with 0x… is …, and not tried again',
  ],
  [
    'a worker that keeps a connection too long is told so',
    'browser/workerd',
    'a worker cannot: in the next request it fails, and says so',
  ],
  ['a program bundled for browsers runs there', 'browser/chromium', "runsIn('Chromium'"],
]

const publishing: readonly Row[] = [
  [
    'a malformed topic is refused, and the connection still works',
    'conformance/lifecycle',
    'publishing to a malformed topic rejects, and the connection still works',
  ],
  [
    'so is a payload or property of the wrong kind or length',
    'mqtt/publish',
    '… is refused by name, and the connection still works',
  ],
  [
    'a malformed filter is refused before anything is subscribed',
    'conformance/subscriptions',
    'with a malformed filter nothing is subscribed',
  ],
  [
    "the broker's receive maximum bounds what is on its way",
    'mqtt/publish',
    'bounds the messages in flight; the others wait their turn',
  ],
  [
    'its limits of QoS, retain and size are kept',
    'mqtt/publish',
    'what it cannot take is refused here, and the connection still works',
  ],
  [
    'a share that the broker does not have becomes a plain subscription, and says so',
    'mqtt/subscribe',
    'is a plain one where the broker says that it has none',
  ],
  [
    'thousands of messages at once arrive, in order',
    'mqtt/publish',
    '2,000 with QoS … all arrive, in order',
  ],
  [
    'thousands that wait for a connection do, too',
    'mqtt/offline-queue',
    'gets … messages of QoS … that waited for it, in order',
  ],
  [
    'the queue of such messages is bounded',
    'mqtt/offline-queue-property',
    'does what the model does: …',
  ],
  [
    'a publish settles when the connection is lost',
    'mqtt/reconnect',
    'settles a publish in flight',
  ],
  [
    'what was sent is told from what was not',
    'mqtt/publish',
    'a lost connection tells what was sent from what was not',
  ],
  [
    'an answer that never comes ends in an error',
    'mqtt/publish',
    'is waited for no longer than allowed',
  ],
  [
    'closing settles though an answer never comes',
    'mqtt/publish',
    'that never comes does not keep close from settling',
  ],
  ["a refusal has the broker's reason code", 'mqtt/publish', '0x… is …'],
  [
    'that nobody has subscribed is no failure',
    'mqtt/publish',
    '"no matching subscribers" is no failure',
  ],
  [
    'a publish of QoS 2 cut half way leaves nothing behind',
    'faults/half-open',
    'before a … of MQTT … leaves nothing behind in the session',
  ],
  [
    'packets are not mixed up however they are cut',
    'mqtt/received-packet',
    'come out in order, each as it was sent, however they are cut',
  ],
  [
    'all that is written in one turn is one WebSocket frame',
    'mqtt/streams',
    'carries all that is published in one turn in one frame',
  ],
]

const subscribing: readonly Row[] = [
  ['each filter gets its own answer', 'mqtt/subscribe', '0x… for one filter is …, naming it'],
  ['the QoS that was granted is told', 'mqtt/subscribe', 'may grant a lower QoS'],
  [
    'a filter may be subscribed twice',
    'conformance/subscriptions',
    'a filter subscribed twice stays one subscription',
  ],
  [
    'subscriptions are there again after a reconnect',
    'mqtt/reconnect',
    'is made again when the broker is back, with its subscriptions',
  ],
  [
    'one that is refused then is told',
    'mqtt/reconnect',
    'reports a subscription that is refused this time',
  ],
  [
    'a member of a share group that is killed loses nothing',
    'faults/killed',
    'by … hubs of a share group, one of which is killed and comes back',
  ],
]

const handling: readonly Row[] = [
  [
    'a message is acknowledged after its handler',
    'mqtt/acknowledge',
    '…: what was not handled when the process died comes again',
  ],
  [
    'what waits in a session reaches the handler',
    'mqtt/acknowledge',
    'what a durable session has waiting reaches the handler, which can publish',
  ],
  [
    'a handler that throws stops nothing',
    'conformance/handlers',
    'a handler that rejects or throws is reported, and the next message arrives',
  ],
  [
    'several run at once, and no more than may',
    'conformance/handlers',
    'at most receiveMaximum handlers run at once, and all messages arrive',
  ],
  [
    'they may publish and wait for the answer',
    'conformance/handlers',
    'handlers may publish and wait for that, in every slot of the window',
  ],
  [
    'they may take longer than the keepalive',
    'mqtt/flow',
    'QoS …: handlers longer than the keepalive keep the connection',
  ],
  [
    'input faster than they are costs no memory',
    'faults/slow',
    'costs no memory, no connection and no order: the broker holds what waits',
  ],
  [
    'what was handled does not come again after close',
    'mqtt/acknowledge',
    '…: what was handled before close does not come again',
  ],
  [
    'a message of QoS 2 is handled once',
    'mqtt/acknowledge',
    'QoS 2: such a message is handled once, if that ends … the reconnect',
  ],
  [
    'a silent peer is noticed',
    'mqtt/reconnect',
    'and silence count alike: a frozen broker is noticed by keepalive',
  ],
]

const root = new URL('../', import.meta.url)

/** The text of a test file, or of one that it shares its tests with. */
function sourceOf(file: string): string {
  const name = [`${file}.test.ts`, `${file}.ts`].find((one) => existsSync(new URL(one, root)))
  assert.ok(name, `there is no test/${file}`)
  return readFileSync(new URL(name, root), 'utf8')
}

/** Finds a title where each `…` is a placeholder of a template. */
function pattern(title: string): RegExp {
  const parts = title.split('…').map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
  return new RegExp(parts.join('\\$\\{.+?\\}'))
}

for (const [title, rows] of Object.entries({ connecting, publishing, subscribing, handling })) {
  describe(`while ${title}`, () => {
    for (const [guarantee, file, name] of rows) {
      test(guarantee, () => assert.match(sourceOf(file), pattern(name)))
    }
  })
}
