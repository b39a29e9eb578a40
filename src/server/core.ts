/**
 * The parts of one server, for those that work with several of them.
 *
 * @module
 */
import type { PacketWill } from '../packet/packet.ts'
import type { ServerClock } from './clock.ts'
import type { ServerEvent } from './events.ts'
import type { ServerGuard } from './guard.ts'
import { applicationMessage, type Published } from './message.ts'
import { Notices } from './notices.ts'
import { PublishRate } from './rate.ts'
import { RetainedMessages } from './retained.ts'
import { type Routed, Router } from './router.ts'
import type { Session } from './session.ts'
import { Sessions } from './sessions.ts'
import type { ServerSettings } from './settings.ts'
import { Subscriptions } from './subscriptions.ts'

/** The parts of a server. */
export class ServerCore {
  readonly settings: ServerSettings
  readonly clock: ServerClock
  readonly guard: ServerGuard
  readonly notices: Notices
  readonly subscriptions: Subscriptions = new Subscriptions()
  readonly retained: RetainedMessages
  readonly router: Router
  readonly sessions: Sessions
  readonly rate: PublishRate

  constructor(
    settings: ServerSettings,
    clock: ServerClock,
    guard: ServerGuard,
    onEvent: ((event: ServerEvent) => void) | undefined,
  ) {
    this.settings = settings
    this.clock = clock
    this.guard = guard
    this.notices = new Notices(onEvent)
    this.retained = new RetainedMessages(settings)
    this.router = new Router(this.subscriptions, this.retained, this.notices.onDropped)
    this.rate = new PublishRate(settings.maxPublishRate)
    this.sessions = new Sessions(this)
  }

  /** Publishes what a session was granted to publish. */
  publish(session: Session, topic: string, published: Published): Routed {
    const now = this.clock.now()
    const message = applicationMessage(published, topic, now)
    const routed = this.router.publish(message, session.owner, session, now)
    if (routed.isUnretained) {
      this.notices.tell({ kind: 'not-retained', owner: session.owner, topic })
    }
    return routed
  }

  /** Publishes a will, if it is granted still (MQTT 5, section 3.1.2.5). */
  publishWill(session: Session, will: PacketWill): void {
    const { topic, qos, retain } = will
    if (!session.rights.refusePublish(topic, qos, retain)) this.publish(session, topic, will)
  }
}
