import { expect, test } from "vitest";
import { readDemand } from "./demand.ts";

test.each([
	["liveness", { service: "", properties: ["liveness"], events: [] }],
	[
		"service tcp 10.0.0.1:25: affinity , balance under reload,evict",
		{
			service: "tcp 10.0.0.1:25",
			properties: ["affinity", "balance"],
			events: ["reload", "evict"],
		},
	],
	[
		"service default/web:http: isolation",
		{ service: "default/web:http", properties: ["isolation"], events: [] },
	],
])("is read: %s", (text, demand) => {
	expect(readDemand(text)).toEqual(demand);
});

test.each([
	["", "nothing is no property; there are liveness,"],
	["service x:", "service x: is no property"],
	["service : liveness", "service : liveness is no property"],
	["livenes", "livenes is no property"],
	["liveness,", "nothing is no property"],
	["liveness, liveness", "liveness stands in it twice"],
	["liveness under", "liveness under is no property"],
	["liveness under x", "x is no event; there are retransmission,"],
	["liveness under reload, reload", "reload stands in it twice"],
	["liveness under reload under evict", "`under` stands in it twice"],
])("is refused: %s", (text, words) => {
	expect(readDemand(text)).toContain(words);
});
