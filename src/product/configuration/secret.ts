/**
 * The secret that a broker and the routes share, where it is not known yet.
 *
 * @module
 */

/**
 * Stands in generated configurations where the secret has to be put. It opens nothing: the routes take
 * it for no secret.
 */
export const SECRET_PLACEHOLDER = 'YOUR-BROKER-SECRET'

/** Says where the secret goes. */
export function secretNote(): string {
  return `Put the secret of your routes, 16 letters and digits or more, in the place of ${SECRET_PLACEHOLDER} in every file, and let nobody read the files but the user the broker runs as: sed -i s/${SECRET_PLACEHOLDER}/…/ *`
}
