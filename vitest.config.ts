import { defineConfig } from "vitest/config";

export default defineConfig({
	test: {
		include: ["{sim,scenarios,lab,reports,cli,test}/**/*.test.ts"],
		testTimeout: 60_000,
	},
});
