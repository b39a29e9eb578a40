/**
 * A project of the real Django, with a table of devices as django-devicehub makes it.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const LIMIT_MS = 120_000

/** A Debian package gives it to the system's own Python. */
const python = ['python3', '/usr/bin/python3'].find(
  (command) => spawnSync(command, ['-c', 'import django']).status === 0,
)

/** Why tests that need it are skipped, or `false`. Where `CI` is `true` it must be there. */
export const djangoMissing: string | false = python
  ? false
  : 'Django is not installed: apt-get install -y --no-install-recommends python3-django'
if (djangoMissing && process.env.CI === 'true') throw new Error(djangoMissing)

const FILES: Readonly<Record<string, string>> = {
  'manage.py': `import os, sys
os.environ["DJANGO_SETTINGS_MODULE"] = "settings"
from django.core.management import execute_from_command_line
execute_from_command_line(sys.argv)
`,
  'settings.py': `SECRET_KEY = "of a test"
INSTALLED_APPS = ["myapp"]
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": "db.sqlite3"}}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True
`,
  'myapp/__init__.py': '',
  'myapp/models.py': `from django.db import models

class WeatherStationDevice(models.Model):
    device_id = models.CharField(max_length=255, unique=True)
    name = models.CharField(max_length=255, blank=True)
    is_active = models.BooleanField(default=True)
    mqtt_username = models.CharField(max_length=255, unique=True, null=True, blank=True)
    mqtt_password_hash = models.CharField(max_length=255, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
`,
}

/** A project with its database. */
export interface DjangoProject extends Disposable {
  /** Runs \`manage.py shell\` with a program on its input, and returns what it printed. */
  shell(program: string): string
}

/** Makes a project, and the tables of its database. */
export function djangoProject(): DjangoProject {
  const folder = mkdtempSync(join(tmpdir(), 'devicehub-django-'))
  mkdirSync(join(folder, 'myapp'))
  for (const [file, text] of Object.entries(FILES)) writeFileSync(join(folder, file), text)
  const manage = (args: readonly string[], input = '') => {
    const { status, stdout, stderr } = spawnSync(python!, ['manage.py', ...args], {
      cwd: folder,
      input,
      encoding: 'utf8',
      timeout: LIMIT_MS,
      maxBuffer: 2 ** 26,
      env: { ...process.env, PYTHONDONTWRITEBYTECODE: '1' },
    })
    assert.equal(status, 0, `manage.py ${args.join(' ')}\n${stderr}`)
    return stdout
  }
  manage(['makemigrations', 'myapp'])
  manage(['migrate'])
  return {
    shell: (program) => manage(['shell'], program),
    [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }),
  }
}
