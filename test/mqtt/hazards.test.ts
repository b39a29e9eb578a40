/**
 * What a user of a bare MQTT client has to look after, and cannot get wrong here: each with the test
 * that shows it, in whose title `…` stands for what is filled in. The list fails where such a test is
 * gone.
 *
 * Not in it is what this library does not offer:
 *
 * | out of reach | reason |
 * | --- | --- |
 * | ways to import the client package | the adapter imports it, nobody else has to |
 * | a choice of WebSocket implementation | the adapter makes its own streams |
 * | wills of a connection | there is no setting for one |
 * | topic aliases | there is no setting for them |
 * | no-local, retain handling, subscription identifiers | a subscription has filter, QoS and share |
 * | unsubscribing | subscriptions end with the broker |
 * | a store of outgoing messages | nothing is sent again by itself but for the offline queue |
 * | decisions by the DUP flag | a message does not have it |
 * | an acknowledgement with a code of its own | the end of the handler decides |
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
  ['a scheme that is none is refused when it is configured', 'mqtt/config', '… is refused by name'],
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
  [
    'a program bundled for browsers runs there',
    'browser/cases',
    'a message of 200 kB and a thousand small ones go both ways',
  ],
  ['and needs no module of Node', 'browser/bundle', 'for …'],
  [
    'what a bundler follows names no module of Node',
    'browser/bundle',
    'the names of modules of Node are hidden from every bundler alike',
  ],
  [
    'a Durable Object may keep a connection',
    'browser/workerd',
    'a Durable Object keeps one from request to request',
  ],
  [
    'a login refused at a reconnect ends the broker with its reason',
    'mqtt/reconnect',
    'goes on if the broker is unavailable, and ends if the login is refused',
  ],
  ['closing settles while disconnected', 'mqtt/reconnect', 'does not keep close from settling'],
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
  [
    'an ArrayBuffer as a property is refused before a byte is sent',
    'mqtt/hazards-settling',
    'an ArrayBuffer as … is refused, and no byte of it is sent',
  ],
  [
    'without a connection nothing is kept unasked',
    'mqtt/hazards-settling',
    'what is asked rejects at once with every QoS, and does not happen later',
  ],
  [
    'a publish of QoS 2 that is denied settles',
    'mqtt/hazards-settling',
    'a publish of QoS 2 that the broker denies rejects',
  ],
  [
    'thousands of publishes at once settle on a broker with its own limits',
    'mqtt/hazards-load',
    'takes … publishes of QoS … made at once, without a warning',
  ],
  [
    'a megabyte goes over WebSocket in both directions',
    'mqtt/hazards-load',
    'carries a megabyte over WebSocket in both directions',
  ],
  [
    'user properties arrive as they were sent',
    'conformance/delivery',
    'user properties arrive, with one value and with several',
  ],
  [
    'so do correlation data, response topic and content type',
    'conformance/delivery',
    'correlation data, response topic and content type arrive',
  ],
  [
    'and the time a message has left',
    'conformance/delivery',
    'a message with an expiry arrives before that',
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
  [
    'a subscribe settles when the connection is lost',
    'mqtt/hazards-settling',
    'a subscribe that was on its way has settled',
  ],
  [
    'what waits for a connection is sent after its subscriptions are there',
    'mqtt/offline-queue',
    'is sent after the subscriptions are made again, and before newer ones',
  ],
  [
    'a share that the broker refuses becomes a plain subscription',
    'mqtt/subscribe',
    'is a plain one where the broker refuses it as not supported',
  ],
  [
    'a share is asked for by name, not by a prefix',
    'conformance/subscriptions',
    'a share prefix in a filter is refused',
  ],
  [
    'the same filter may be shared and plain',
    'mqtt/subscribe',
    'the same filter shared and plain gives both',
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
  [
    'what is not acknowledged comes again after a reconnect',
    'mqtt/acknowledge',
    'QoS 1: a message whose handler runs while the connection is made again comes again',
  ],
  [
    'a slow handler holds up no acknowledgement of another',
    'mqtt/acknowledge',
    'is sent in the order in which handlers end',
  ],
  [
    'the broker is told of a handler that failed',
    'mqtt/acknowledge',
    'of QoS … says whether the handler failed',
  ],
]

const root = new URL('../', import.meta.url)

/** The text of a test file, or of one that it shares its tests with. */
function sourceOf(file: string): string {
  const name = [`${file}.test.ts`, `${file}.ts`].find((one) => existsSync(new URL(one, root)))
  assert.ok(name, `there is no test/${file}`)
  return readFileSync(new URL(name, root), 'utf8')
}

/** Finds a title as a string literal where each `…` is a placeholder of a template. */
function pattern(title: string): RegExp {
  const parts = title.split('…').map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
  return new RegExp(`(['"\`])${parts.join('\\$\\{.+?\\}')}\\1`)
}

for (const [title, rows] of Object.entries({ connecting, publishing, subscribing, handling })) {
  describe(`while ${title}`, () => {
    for (const [guarantee, file, name] of rows) {
      test(guarantee, () => {
        assert.match(sourceOf(file), pattern(name), `there is no test "${name}" in ${file}`)
      })
    }
  })
}
