export { default } from '../browser/vite.config.ts'
