/**
 * Counters and histograms of what an observer is told.
 *
 * @module
 */
import type { Attributes, Counter, Histogram, Meter } from '@opentelemetry/api'
import type { ObservedEvent, Observer } from '../../src/fleet/observer.ts'

type Kind = ObservedEvent['kind']

interface Instruments {
  readonly counter: Counter
  readonly histogram: Histogram
}

/** Makes an observer that counts. The meter is asked for at the first event: others have none to ask. */
export function instruments(getMeter: () => Meter): Observer {
  const made = new Map<Kind, Instruments>()

  function of(kind: Kind): Instruments {
    const known = made.get(kind)
    if (known) return known
    const meter = getMeter()
    const unit = 's'
    const instruments = {
      counter: meter.createCounter(`devicehub.${kind}s`),
      histogram: meter.createHistogram(`devicehub.${kind}.duration`, { unit }),
    }
    made.set(kind, instruments)
    return instruments
  }

  return (event) => {
    const { counter, histogram } = of(event.kind)
    if (event.kind === 'rejection') {
      const { code, broker } = event
      counter.add(1, { code, broker })
      return
    }
    const { kind: _, seconds, ...attributes } = event
    counter.add(1, attributes satisfies Attributes)
    histogram.record(seconds, attributes)
  }
}
