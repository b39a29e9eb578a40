/**
 * Metrics as text. Source: OpenMetrics 1.0.0, "Text format".
 *
 * @module
 */
import type { MetricFamily, MetricSample } from './family.ts'

/** What the text is sent as. */
export const OPENMETRICS_TYPE = 'application/openmetrics-text; version=1.0.0; charset=utf-8'

/** Writes families, with the end that tells a reader that nothing is missing. */
export function writeOpenMetrics(families: readonly MetricFamily[]): string {
  return `${families.map(writeFamily).join('')}# EOF\n`
}

function writeFamily({ name, type, unit, help, samples }: MetricFamily): string {
  if (samples.length === 0) return ''
  const head = `# TYPE ${name} ${type}\n${unit ? `# UNIT ${name} ${unit}\n` : ''}`
  return `${head}# HELP ${name} ${escaped(help)}\n${samples.map((one) => writeSample(name, one)).join('')}`
}

function writeSample(name: string, { suffix, labels, value }: MetricSample): string {
  const written = Object.entries(labels).map(([label, text]) => `${label}="${escaped(text)}"`)
  const set = written.length > 0 ? `{${written.join(',')}}` : ''
  return `${name}${suffix}${set} ${value}\n`
}

function escaped(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')
}
