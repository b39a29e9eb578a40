/**
 * The version of the package. A JSON file cannot be imported alike by every runtime, so it stands here
 * again; a test holds it against package.json.
 *
 * @module
 */
export const VERSION = '0.1.0'
