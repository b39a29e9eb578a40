/**
 * Where a file of SQL is cut into statements.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { migrationFiles } from '../../adapters/sql/migration-files.ts'
import { migrationsOf } from '../../adapters/sql/migrations.ts'
import { splitStatements } from './split.ts'

const TRIGGER = `CREATE TRIGGER mine AFTER INSERT ON some
BEGIN
  UPDATE other SET n = n + 1;
  DELETE FROM third;
END`
const FUNCTION = `CREATE FUNCTION mine() RETURNS trigger LANGUAGE plpgsql AS $$
begin
  perform pg_notify('a', 'b;c');
  return new;
end
$$`

for (const statements of [
  ['SELECT 1'],
  ['SELECT 1', 'SELECT 2'],
  ["INSERT INTO a VALUES (';', 'it''s; so')", 'SELECT ";"'],
  ['-- a comment; no end\nSELECT 1', '/* ; */ SELECT 2'],
  [TRIGGER, 'SELECT 1'],
  ['SELECT 1', TRIGGER, TRIGGER],
  [FUNCTION, 'SELECT 1'],
]) {
  test(`${statements.length} of ${JSON.stringify(statements)}`, () => {
    assert.deepEqual(splitStatements(`${statements.join(';\n')};\n`), statements)
  })
}

for (const dialect of ['sqlite', 'postgres'] as const) {
  test(`the files of ${dialect} have the statements of each version, none of them cut`, () => {
    const files = migrationFiles(dialect)
    assert.deepEqual(
      files.map(({ name }) => name),
      migrationsOf(dialect).map(({ version }) => `000${version}_devicehub.sql`),
    )
    for (const [i, { statements }] of migrationsOf(dialect).entries()) {
      const [table, note, ...rest] = splitStatements(files[i]!.text)
      assert.match(table!, /^CREATE TABLE IF NOT EXISTS devicehub_schema /)
      assert.match(note!, /^INSERT INTO devicehub_schema /)
      assert.deepEqual(rest, statements)
    }
  })
}
