/**
 * Stored passwords that other programs made, with the password of each.
 *
 * @module
 */

/** Of Django 3.2.25, `make_password`. */
export const DJANGO =
  'pbkdf2_sha256$260000$fArsrjgXoBgNJYloajvjwV$Y/6tI4hQp4WESeYT2c8BNw5tfTzy2oOQxI38ia0FfjQ='
/** Of Mosquitto 2.0.11, `mosquitto_passwd`. */
export const MOSQUITTO =
  '$7$101$DV1ak50k7Yv2F900$CQdj4Ct4ReuhN8eDRLKqswT4qsq9oWhZtIdwbQKr/ggpeYcc6yvWlIyK2+gnk0ZXK7fFtoiUJvEEv2riHPqyJg=='
/** Of Python 3.11, `hashlib.scrypt`, put together as a PHC string. */
export const SCRYPT =
  '$scrypt$ln=10,r=8,p=1$U29kaXVtQ2hsb3JpZGUhIQ$VOYC3nGuGptWomTjqcskVTgA2I9a6p2hK0ncVLeQEAg'

/** The password of the three above. */
export const PASSWORD = 'correct horse'

/** More of the same programs, Django's and Mosquitto's cheap ones of Python's `hashlib`. */
export const MORE: readonly (readonly [title: string, stored: string, password: string])[] = [
  [
    'Django, a password beyond ASCII',
    'pbkdf2_sha256$260000$1IM90zWP2Q1zYbi9iC5hVA$pk+X5MJ3SaTxM3ESGjOZwkyKJDLCJbBBwtXbn+pgIRM=',
    'grün 😀',
  ],
  [
    'Django, a salt beyond ASCII',
    'pbkdf2_sha256$260000$é§lt$JIFtk0rSjOe7Yee9HpaQPIuKNkPuKoJlu7bd7E0BA0o=',
    PASSWORD,
  ],
  [
    'Django, an empty password and one round',
    'pbkdf2_sha256$1$salt$8TXCeZO6+Ydzxc20ClcGzmo0XN5hsACmeFhlDNajJNc=',
    '',
  ],
  [
    'Django, a salt of one character',
    'pbkdf2_sha256$1000$s$1d/PLMWJGdGhp2rx94/SacGjbCeWZcD3RM2uTWmTHPg=',
    PASSWORD,
  ],
  [
    'Django, NUL in the password',
    'pbkdf2_sha256$2$salt$dI6kYRt19DjSq5uO9fkL5lfUTrTVQ1XRsrA010gvJhM=',
    'a\0b',
  ],
  [
    'Mosquitto, a password beyond ASCII',
    '$7$101$H34BNV9jTO+FZ1/M$QtKrgi+ZF9BlPPepOl+YBBfbvjY2VQynqKhc18vxO7umPqmqnveL+AkR9KMIICjCmGvJhcDNcHFB+Gm2PPSzFw==',
    'grün 😀',
  ],
  [
    'Mosquitto, a salt of 64 bytes',
    '$7$1$eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eA==$zmeGhGClHmt0K/tQKKOHqAZyFsLdJX/OeOGiWH93LfWyRP4Z3/sfBY061I5BcbHOrnaX0L/VWrZGomLw7QpCcg==',
    PASSWORD,
  ],
  [
    'Mosquitto, an empty password and a salt of 8 bytes',
    '$7$5$MTIzNDU2Nzg=$cXwjmCh4WSgFw6DkQJhX0EkdngZz/ifI018SvFPDV/wOM75WOwLBZczYAvMVE4j+vIxaphiTc6wmUwJaPsKt4Q==',
    '',
  ],
  [
    'scrypt, a password beyond ASCII and two lanes',
    '$scrypt$ln=4,r=8,p=2$+//7//v/+//7//v/+//7/w$GiGA9Ub1sQ2u9XlFa/rYBrY1JxXcIRpB8jXxXpUeQng',
    'grün 😀',
  ],
  [
    'scrypt, an empty password and a key of 64 bytes',
    '$scrypt$ln=4,r=1,p=1$U29kaXVtQ2hsb3JpZGUhIQ$n/Tw9irmxENVxH+ow8B8UDUORDeZjbeC98JvyD9bqpqXOS9t6638DqDUr1UKs86AW4Txs0d90QLRPVdUHmje1Q',
    '',
  ],
  [
    'scrypt, a salt of 8 bytes and a key of 16',
    '$scrypt$ln=1,r=1,p=1$MTIzNDU2Nzg$gax5YhgtNs8WhH08dfm4Xw',
    PASSWORD,
  ],
]
