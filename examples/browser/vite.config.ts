import { defineConfig } from 'vite'

// In this repository `devicehub` is its sources, as tsconfig.json says.
export default defineConfig({ resolve: { tsconfigPaths: true } })
