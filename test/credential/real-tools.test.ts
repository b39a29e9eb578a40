/**
 * Passwords as the real programs store them today, on this machine.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { passwordHasher } from '../../src/credential/generated.ts'
import { passwordVerifier } from '../../src/credential/verifier.ts'

const TIMEOUT = 20_000
const PYTHONS = ['/usr/bin/python3', 'python3']
const MAKE_PASSWORD =
  'import sys; from django.conf import settings; settings.configure(); from django.contrib.auth.hashers import make_password; print(make_password(sys.argv[1]))'
const passwords = ['correct horse', 'grün 😀', ' ', 'x'.repeat(200)]

/** A password as Django stores it, or `undefined` where there is no Django. */
function django(password: string): string | undefined {
  for (const python of PYTHONS) {
    const options = {
      encoding: 'utf8',
      timeout: TIMEOUT,
      env: { ...process.env, PYTHONUTF8: '1' },
    } as const
    const { status, stdout } = spawnSync(python, ['-c', MAKE_PASSWORD, password], options)
    if (status === 0) return stdout.trim()
  }
  return undefined
}

/** A password as Mosquitto stores it. */
function mosquitto(password: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'devicehub-passwd-'))
  try {
    const file = join(folder, 'passwords')
    spawnSync('mosquitto_passwd', ['-b', '-c', file, 'pump', password], { timeout: TIMEOUT })
    return readFileSync(file, 'utf8')
      .trim()
      .replace(/^pump:/, '')
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

const skipDjango =
  django('x') === undefined && 'Django is not installed: apt-get install -y python3-django'
const skipMosquitto =
  spawnSync('mosquitto_passwd', ['--help'], { timeout: TIMEOUT }).error !== undefined &&
  'Mosquitto is not installed: apt-get install -y mosquitto'

for (const [title, skip, store] of [
  ['Django', skipDjango, (password: string) => django(password)!],
  ['mosquitto_passwd', skipMosquitto, mosquitto],
] as const) {
  describe(`what ${title} stores`, { skip }, () => {
    for (const [i, password] of passwords.entries()) {
      test(`is verified: ${JSON.stringify(password.slice(0, 20))}`, async () => {
        const stored = store(password)
        const verifier = passwordVerifier(passwordHasher(undefined))
        assert.equal(await verifier.verify('pump', password, [stored]), true)
        const wrong = passwords[(i + 1) % passwords.length]!
        assert.equal(await verifier.verify('pump', wrong, [stored]), false)
      })
    }
  })
}
