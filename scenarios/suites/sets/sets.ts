import {
	at,
	clientAt,
	connect,
	counter,
	ipset,
	observe,
	operationFails,
	order,
	outcomes,
	packet,
	packetsOut,
	recipeSetup,
	scenario,
	smtp,
} from "../../language/build/build.ts";

const suite = "sets";

const NEW = "-d 10.0.0.1 -p tcp --dport 25";
const TO = (backend: number) => `-j DNAT --to-destination 192.168.0.${backend}`;

/** Rules as iptables-restore takes them, by table. */
function rules(tables: Readonly<Record<string, readonly string[]>>): {
	readonly name: string;
	readonly text: string;
} {
	const text = Object.entries(tables)
		.map(([name, lines]) => [`*${name}`, ...lines, "COMMIT", ""].join("\n"))
		.join("");
	return { name: "sets.rules", text };
}

const BLOCK_LIST = rules({
	mangle: [`-A PREROUTING ${NEW} -m set --match-set blocked src -j DROP`],
	nat: [`-A PREROUTING ${NEW} ${TO(1)}`],
});

const CLIENTS = [clientAt("c1", "10.0.0.10"), clientAt("c2", "10.0.0.11")];
const IMPATIENT = smtp({ connectTimeoutMs: 1500 });

const blockList = [
	scenario({
		name: "sets-block-list-with-timeout",
		suite,
		title: "A blocked client comes back when its time is over",
		story:
			"A client is added to the block list for five seconds. A SYN of it is dropped after two seconds, and let through after six: the element times out by itself. The other client notices nothing.",
		setup: recipeSetup({
			ruleset: BLOCK_LIST,
			clients: CLIENTS,
			gateway: { sets: "create blocked hash:ip timeout 600 counters\n" },
		}),
		steps: [
			connect(1, { client: "c1", label: "before" }),
			at(1000, ipset("add blocked 10.0.0.10 timeout 5")),
			at(
				3000,
				connect(1, { client: "c1", label: "blocked", dialogue: IMPATIENT }),
				connect(1, { client: "c2", label: "the other" }),
			),
			at(5000, observe("while it is blocked")),
			at(7100, connect(1, { client: "c1", label: "after" })),
		],
		expect: [
			outcomes("completed", 3),
			outcomes("connect-timeout", 1, { step: "blocked" }),
			counter("mangle:PREROUTING:rule:1", 2, {
				because: "the SYN, and its repetition after a second",
			}),
		],
	}),
	scenario({
		name: "sets-flushed-and-filled",
		suite,
		title:
			"A block list that is flushed and filled lets clients through meanwhile",
		story:
			"A script flushes the set and adds its elements again, one command after the other. A client that stands on the list before and after connects in between.",
		trap: "Between `flush` and `add` the set is empty, and blocked clients are let through. `swap` has no such moment.",
		setup: recipeSetup({
			ruleset: BLOCK_LIST,
			clients: CLIENTS,
			gateway: { sets: "create blocked hash:ip\nadd blocked 10.0.0.10\n" },
		}),
		steps: [
			at(1000, ipset("flush blocked")),
			at(1010, connect(1, { client: "c1", label: "slips in" })),
			at(1200, ipset("add blocked 10.0.0.10")),
			at(
				2000,
				connect(1, { client: "c1", label: "blocked", dialogue: IMPATIENT }),
			),
		],
		expect: [
			outcomes("completed", 1, { step: "slips in" }),
			outcomes("connect-timeout", 1, { step: "blocked" }),
		],
	}),
	scenario({
		name: "sets-swapped",
		suite,
		title: "A new block list takes the place of the old one at once",
		story:
			"The new list is made beside the old one, restored from a file, and swapped in: at every moment rules see the one or the other. Rules name the set, so the old one cannot be destroyed before the swap, and can be after it.",
		setup: recipeSetup({
			ruleset: BLOCK_LIST,
			clients: CLIENTS,
			gateway: { sets: "create blocked hash:ip\nadd blocked 10.0.0.10\n" },
		}),
		steps: [
			at(
				1000,
				ipset("restore", {
					input: "create fresh hash:ip\nadd fresh 10.0.0.11\n",
				}),
				ipset("destroy blocked", { label: "too early" }),
			),
			at(
				1100,
				connect(1, { client: "c1", label: "old", dialogue: IMPATIENT }),
				connect(1, { client: "c2", label: "not yet" }),
			),
			at(3000, ipset("swap fresh blocked"), ipset("destroy fresh")),
			at(
				3100,
				connect(1, { client: "c1", label: "no more" }),
				connect(1, { client: "c2", label: "new", dialogue: IMPATIENT }),
			),
		],
		expect: [
			operationFails("too early", "in use by a kernel component"),
			outcomes("connect-timeout", 1, { step: "old" }),
			outcomes("completed", 1, { step: "not yet" }),
			outcomes("completed", 1, { step: "no more" }),
			outcomes("connect-timeout", 1, { step: "new" }),
		],
	}),
];

const remembered = (name: string, backend: number) => [
	`-A PREROUTING ${NEW} -m set --match-set ${name} src -j TO${backend}`,
	`-A TO${backend} -j SET --add-set ${name} src --exist`,
	`-A TO${backend} -p tcp ${TO(backend)}`,
];
const [BACK1 = "", ...TO1] = remembered("to1", 1);
const [BACK2 = "", ...TO2] = remembered("to2", 2);

const STICKY = rules({
	nat: [
		":TO1 - [0:0]",
		":TO2 - [0:0]",
		BACK1,
		BACK2,
		`-A PREROUTING ${NEW} -m statistic --mode nth --every 2 --packet 0 -j TO1`,
		`-A PREROUTING ${NEW} -j TO2`,
		...TO1,
		...TO2,
	],
});

const sticky = scenario({
	name: "sets-sticky-clients",
	suite,
	title: "Rules remember where a client went, for as long as it keeps coming",
	story:
		"`-j SET --add-set` notes a client in the set of its backend, and `--exist` begins its time anew with each connection. Clients come every ten seconds and stay where they are, though the time is twelve; after a pause of thirteen the client is a new one, and takes the next turn.",
	setup: recipeSetup({
		ruleset: STICKY,
		clients: CLIENTS,
		gateway: {
			sets: "create to1 hash:ip timeout 12\ncreate to2 hash:ip timeout 12\n",
		},
	}),
	steps: [
		connect(3, { client: "c1", everyMs: 10_000 }),
		at(5000, connect(3, { client: "c2", everyMs: 10_000 })),
		at(26_000, observe("both are known")),
		at(38_100, connect(1, { client: "c2", label: "c2 again" })),
		at(39_000, connect(1, { client: "c1", label: "c1 again" })),
	],
	expect: [
		order(["b1", "b2", "b1", "b2", "b1", "b2", "b1", "b2"]),
		outcomes("completed", 8),
	],
	endMs: 60_000,
});

const lists = scenario({
	name: "sets-list-of-sets",
	suite,
	title: "A list of sets is asked as one, and changes while rules name it",
	story:
		"The rule names a list:set with a set of hosts and one of networks. A network that is taken off the list is not asked any more, and put back it is; the exception within it (`nomatch`) goes through either way.",
	setup: recipeSetup({
		ruleset: rules({
			filter: ["-A FORWARD -m set --match-set blocked src -j DROP"],
		}),
		gateway: {
			sets: [
				"create hosts hash:ip",
				"add hosts 10.0.0.66",
				"create networks hash:net",
				"add networks 10.0.1.0/24",
				"add networks 10.0.1.128/25 nomatch",
				"create blocked list:set counters",
				"add blocked hosts",
				"add blocked networks",
				"",
			].join("\n"),
		},
	}),
	steps: [
		packet("bond0.204", "udp 10.0.0.66:1 > 192.168.0.1:53"),
		packet("bond0.204", "udp 10.0.1.5:1 > 192.168.0.1:53"),
		packet("bond0.204", "udp 10.0.1.200:1 > 192.168.0.1:53"),
		at(1000, ipset("del blocked networks")),
		at(
			1100,
			packet("bond0.204", "udp 10.0.1.5:2 > 192.168.0.1:53"),
			packet("bond0.204", "udp 10.0.0.66:2 > 192.168.0.1:53"),
		),
		at(2000, ipset("add blocked networks before hosts"), observe("back")),
		at(2100, packet("bond0.204", "udp 10.0.1.5:3 > 192.168.0.1:53")),
	],
	expect: [
		packetsOut("bond0.205", [
			"udp 10.0.1.200:1 > 192.168.0.1:53 ttl 63",
			"udp 10.0.1.5:2 > 192.168.0.1:53 ttl 63",
		]),
		counter("filter:FORWARD:rule:1", 4),
	],
	endMs: 3000,
});

const marks = scenario({
	name: "sets-marks-pick-backends",
	suite,
	title: "A set says which backend a client gets",
	story:
		"Each client's element carries a mark (`skbmark`), which `-j SET --map-set` writes to its packets; NAT goes by the mark. A client that no element names has mark 0 and takes turns. Moving a client is one command, and moves its next connection.",
	setup: recipeSetup({
		ruleset: rules({
			mangle: [`-A PREROUTING ${NEW} -j SET --map-set backends src --map-mark`],
			nat: [
				`-A PREROUTING ${NEW} -m mark --mark 1/0xff ${TO(1)}`,
				`-A PREROUTING ${NEW} -m mark --mark 2/0xff ${TO(2)}`,
				`-A PREROUTING ${NEW} -m statistic --mode nth --every 2 --packet 0 ${TO(1)}`,
				`-A PREROUTING ${NEW} ${TO(2)}`,
			],
		}),
		clients: [...CLIENTS, clientAt("c3", "10.0.0.12")],
		gateway: {
			sets: [
				"create backends hash:net skbinfo",
				"add backends 10.0.0.10 skbmark 0x1/0xff",
				"add backends 10.0.0.10/31 skbmark 0x2/0xff",
				"",
			].join("\n"),
		},
	}),
	steps: [
		connect(2, { client: "c1", label: "c1", everyMs: 100 }),
		at(1000, connect(2, { client: "c2", label: "c2", everyMs: 100 })),
		at(2000, connect(4, { client: "c3", label: "c3", everyMs: 100 })),
		at(3000, ipset("-exist add backends 10.0.0.10 skbmark 0x2/0xff")),
		at(3100, connect(1, { client: "c1", label: "c1 moved" })),
	],
	expect: [
		order(["b1", "b1"], { step: "c1" }),
		order(["b2", "b2"], { step: "c2" }),
		order(["b1", "b2", "b1", "b2"], { step: "c3" }),
		order(["b2"], { step: "c1 moved" }),
		outcomes("completed", 9),
	],
});

const services = scenario({
	name: "sets-of-services",
	suite,
	title: "Services in one set, as kube-proxy keeps them for IPVS",
	story:
		"A set of addresses and ports (`hash:ip,port`, asked with `dst,dst`) says what is a service, and a bitmap of ports what may be asked at all. A service that is taken out of the set gets no new connections; the one that is open goes on, since its mapping belongs to its entry.",
	setup: recipeSetup({
		ruleset: rules({
			nat: [
				"-A PREROUTING -p tcp -m set --match-set services dst,dst -m set --match-set open dst -j DNAT --to-destination 192.168.0.1",
			],
			filter: ["-A INPUT -p tcp -j REJECT --reject-with tcp-reset"],
		}),
		gateway: {
			sets: [
				"create services hash:ip,port",
				"add services 10.0.0.1,tcp:25",
				"add services 10.0.0.1,tcp:80",
				"create open bitmap:port range 0-1023",
				"add open 25",
				"",
			].join("\n"),
		},
	}),
	steps: [
		connect(1, { label: "open", dialogue: smtp({ paceMs: 500 }) }),
		packet("bond0.204", "tcp 10.0.0.99:1 > 10.0.0.1:80 S"),
		at(1000, ipset("del services 10.0.0.1,25")),
		at(1100, connect(1, { label: "too late" })),
	],
	expect: [
		outcomes("completed", 1, { step: "open" }),
		outcomes("refused", 1, { step: "too late" }),
		counter("nat:PREROUTING:rule:1", 1),
	],
});

/** Sets of ipset, matched and filled by rules, changed by commands. */
export const sets = [...blockList, sticky, lists, marks, services];
