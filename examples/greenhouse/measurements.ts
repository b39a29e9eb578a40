// measurements.ts
import { database } from './database.ts'

database.exec(`CREATE TABLE IF NOT EXISTS measurement (
  bench TEXT NOT NULL, at INTEGER NOT NULL, -- milliseconds since 1970
  temperature REAL NOT NULL, humidity REAL NOT NULL, PRIMARY KEY (bench, at)
) STRICT`)
// A message may come twice: the second time nothing is written.
const insert = database.prepare('INSERT OR IGNORE INTO measurement VALUES (?, ?, ?, ?)')
const newest = database.prepare(`SELECT bench, temperature, humidity, max(at) AS at
  FROM measurement GROUP BY bench ORDER BY bench`)

export interface Measurement {
  readonly temperature: number
  readonly humidity: number
}

export function keepMeasurement(bench: string, at: Date, data: Measurement): void {
  insert.run(bench, at.getTime(), data.temperature, data.humidity)
}

/** The newest measurement of each bench. */
export function newestMeasurements() {
  return newest.all()
}
