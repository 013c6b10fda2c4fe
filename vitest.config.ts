import { defineConfig } from "vitest/config";

const PACKED = [
	"cli/**/*.test.ts",
	"{reports,explore}/**/*.browser.test.ts",
	"test/docs.test.ts",
	"test/package.test.ts",
];

/** Real time and real machines: they are played when nobody else is at work, one after the other. */
const ON_DOCKER = "{lab,cli}/**/*.docker.test.ts";

export default defineConfig({
	test: {
		testTimeout: 60_000,
		// Vitest leaves a processor free, which on two is half of the machine.
		maxWorkers: "100%",
		projects: [
			{
				extends: true,
				test: {
					name: "sources",
					include: [
						"{sim,scenarios,lab,reports,explore,schemas,test}/**/*.test.ts",
					],
					exclude: [...PACKED, ON_DOCKER],
				},
			},
			{
				extends: true,
				test: {
					name: "docker",
					include: [ON_DOCKER],
					fileParallelism: false,
					sequence: { groupOrder: 1 },
				},
			},
			{
				// What users run is the built command, so that is what these tests run.
				extends: true,
				test: {
					name: "package",
					include: PACKED,
					exclude: [ON_DOCKER],
					globalSetup: "test/pack.ts",
					hookTimeout: 120_000,
				},
			},
		],
	},
});
