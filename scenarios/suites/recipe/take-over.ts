import {
	at,
	connect,
	gatewayAnswered,
	hold,
	moved,
	order,
	outcomes,
	packetsOut,
	recipeSetup,
	repeat,
	scenario,
	speak,
	takeOver,
} from "../../language/build/build.ts";

const suite = "take-over";

/** Four connections, one after the other: b1 b2 b1 b2, labelled first … fourth. */
const NAMES = ["first", "second", "third", "fourth"];
const four = repeat(4, 100, (index) => [
	connect(1, { label: NAMES[index] ?? "", dialogue: hold() }),
]);

/** A second router with the same rules takes 10.0.0.1 over. Its conntrack table is empty. */
export const routerTakeOver = [
	scenario({
		name: "take-over-new-connections",
		suite,
		title: "New connections go on as ever",
		story:
			"The second router has the same rules and conditions. For new clients nothing has changed but the turn: its counter starts anew.",
		setup: recipeSetup(),
		steps: [
			connect(3, { everyMs: 50, label: "before" }),
			at(1000, takeOver()),
			at(2000, connect(4, { everyMs: 50, label: "after" })),
		],
		expect: [
			order(["b1", "b2", "b1"], { step: "before" }),
			order(["b1", "b2", "b1", "b2"], { step: "after" }),
			outcomes("completed", 7),
		],
	}),
	scenario({
		name: "take-over-client-first",
		suite,
		title:
			"The client speaks first: half of the connections land on the wrong backend",
		story:
			"The first packet of a standing connection is no SYN, and the second router picks it up mid-stream as a new one. The rules give it the next turn of the counter, whatever backend it had: in the order in which these four speak, two meet their own backend again and live, two meet the other one and are reset.",
		trap: "The recipe does not survive a failover between routers: about half of the established connections are lost.",
		setup: recipeSetup(),
		steps: [
			...four,
			at(1000, takeOver()),
			at(2000, speak("first")),
			at(2100, speak("third")),
			at(2200, speak("second")),
			at(2300, speak("fourth")),
		],
		expect: [
			order(["b1", "b2"], { toMs: 200 }),
			outcomes("open", 1, { step: "first" }),
			outcomes("reset", 1, {
				step: "third",
				because: "it was b1's and got the second turn",
			}),
			outcomes("reset", 1, { step: "second" }),
			outcomes("open", 1, { step: "fourth" }),
			moved(2),
			gatewayAnswered("*", 0),
		],
	}),
	scenario({
		name: "take-over-backend-first",
		suite,
		title: "The backend speaks first: its packet comes through untranslated",
		story:
			"The backend's packet matches no rule of the recipe and belongs to no connection that the second router knows. It is forwarded as it is: the client sees a packet from 192.168.0.1, of which it knows nothing. The connection entry that this makes holds the ports, so that the client's own next packet no longer fits to what the backend knows.",
		trap: "After a failover between routers, a backend that speaks first breaks its connection for good.",
		setup: recipeSetup(),
		steps: [
			connect(1, { label: "held", port: 40_000, dialogue: hold() }),
			at(1000, takeOver()),
			at(2000, speak("held", "backend")),
			at(3000, speak("held", "client")),
		],
		expect: [
			packetsOut("bond0.204", ["tcp 192.168.0.1:25 > 10.0.0.10:40000 *"], {
				fromMs: 2000,
				because: "nothing translates it back to 10.0.0.1",
			}),
			outcomes("reset", 1),
		],
	}),
];
