import { defineConfig } from "vitest/config";

const PACKED = [
	"cli/**/*.test.ts",
	"reports/**/*.browser.test.ts",
	"test/docs.test.ts",
	"test/package.test.ts",
];

export default defineConfig({
	test: {
		testTimeout: 60_000,
		projects: [
			{
				extends: true,
				test: {
					name: "sources",
					include: ["{sim,scenarios,lab,reports,test}/**/*.test.ts"],
					exclude: PACKED,
				},
			},
			{
				// What users run is the built command, so that is what these tests run.
				extends: true,
				test: {
					name: "package",
					include: PACKED,
					globalSetup: "test/pack.ts",
					hookTimeout: 120_000,
				},
			},
		],
	},
});
