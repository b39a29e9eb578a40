/**
 * Which rules of the fleet a broker cannot honour as they are written.
 *
 * @module
 */
import type { Patient } from '../patient.ts'

/** Makes the check. */
export async function checkCompatibility(patient: Patient): Promise<void> {
  const { report, subject, product, fleet } = patient
  if (!product) return report.skip('compatibility', subject, noProduct(patient))
  await report.check('compatibility', subject, (found) => {
    for (const { code, severity, rule, text } of fleet.compatibility(product)) {
      // What the rules of every fleet lose there is said on the page of the product.
      if (severity !== 'grants-more' && !isOwn(patient, rule)) continue
      const open = `${product.name} grants more than the rules say`
      const what = severity === 'grants-more' ? open : `${product.name} cannot honour a rule`
      found(`rule-${code}`, `${what}: ${text.replace(/\.$/, '')}`, 'change the rule, or the broker')
    }
  })
}

/** Why nothing is known that depends on the product. */
export function noProduct({ name }: Patient): string {
  return `the configuration does not say which product it is: brokers.${name}.product`
}

/** Whether somebody wrote a rule, rather than that a type or a hub has it by itself. */
function isOwn({ fleet }: Patient, rule: unknown): boolean {
  return fleet.types.some(({ rules }) => rules.includes(rule as never))
}
