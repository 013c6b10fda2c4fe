import { expect, it } from "vitest";
import { recipeSetup } from "../../../scenarios/language/build/build.ts";
import { errnoOf } from "./router-host.ts";
import { seatsOf, wiringScript } from "./topology.ts";

it.each([
	["dd: failed to open '/proc/sys/net/x': No such file or directory", 2],
	["dd: failed to open '/proc/sys/net/x': Read-only file system", 30],
	["dd: error writing '/proc/sys/net/x': Invalid argument", 22],
	["dd: something else", 5],
])("%s is error %i", (said, errno) => {
	expect(errnoOf(said)).toBe(errno);
});

it("cables end in the routers' namespaces, under the names that rules use", () => {
	const seats = seatsOf({ setup: recipeSetup() as never });
	const lines = wiringScript(seats, {
		bridges: 2,
		others: [],
		routers: {
			kind: "cables",
			pids: [71, 72],
			names: ["bond0.204", "bond0.205"],
		},
		pids: { switch: 7, seats: [1, 2, 3] },
	}).split("\n");
	const cables = lines.filter((line) => line.includes("link add cable"));
	expect(cables).toHaveLength(4);
	expect(cables[0]).toBe(
		"nsenter -t 7 -n ip link add cable0n0 type veth peer name bond0.204 address 52:54:00:6d:74:00 netns 71",
	);
	const macs = cables.map((line) => /address (\S+)/.exec(line)?.[1]);
	expect(new Set(macs).size).toBe(4);
	expect(cables[3]).toMatch(/name bond0\.205 .* netns 72$/);
	// Nothing is done outside of a namespace of the lab's.
	for (const line of lines.slice(1))
		expect(line).toMatch(/^nsenter -t \d+ -n /);
});
