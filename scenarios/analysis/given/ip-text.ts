/**
 * The same as `ip` prints it without `-j`, which the `ip` of busybox does not know: a text → the records
 * that `-j` has. IPv6 among it.
 */

/** `2: eth0@if5: <BROADCAST,UP> mtu 1500 …`, and lines of addresses below it. */
export function addressesOfText(text: string): readonly object[] | null {
	const records: { ifname: string; addr_info: object[] }[] = [];
	for (const line of text.split("\n")) {
		const [, ifname, flags = "", mtu] =
			/^\d+: ([^\s:@]+)(?:@\S+)?: <([^>]*)> mtu (\d+)/.exec(line) ?? [];
		if (ifname !== undefined) {
			const head = { ifname, flags: flags.split(","), mtu: Number(mtu) };
			records.push({ ...head, addr_info: [] });
			continue;
		}
		const [, local, address, length] =
			/^\s+inet ([\d.]+)(?: peer ([\d.]+))?(?:\/(\d+))?\s/.exec(line) ?? [];
		const last = records.at(-1);
		if (local === undefined) {
			if (line.trim() !== "" && (last === undefined || /^\S/.test(line)))
				return null;
			continue;
		}
		last?.addr_info.push({
			family: "inet",
			local,
			...(address === undefined ? {} : { address }),
			prefixlen: length === undefined ? 32 : Number(length),
		});
	}
	return records.length > 0 ? records : null;
}

const ROUTE_TYPES = new Set(
	"unicast local broadcast anycast multicast blackhole unreachable prohibit throw nat".split(
		" ",
	),
);
const ROUTE_FLAGS = new Set(
	"onlink linkdown dead pervasive offload trap offload_failed rt_offload".split(
		" ",
	),
);
/** Keys of a line, and what `-j` calls them. */
const ROUTE_KEYS: Readonly<Record<string, string>> = {
	dev: "dev",
	table: "table",
	proto: "protocol",
	scope: "scope",
	src: "prefsrc",
	tos: "tos",
	encap: "encap",
	pref: "pref",
};

/** `default via 10.0.0.254 dev eth0 metric 100`; next hops of several are lines below it. */
export function routesOfText(text: string): readonly object[] | null {
	const records: Record<string, unknown>[] = [];
	for (const line of text.split("\n")) {
		const words = line.trim().split(/\s+/);
		if (words[0] === "") continue;
		if (words[0] === "nexthop") {
			const last = records.at(-1);
			if (last === undefined) return null;
			last.nexthops = [
				...((last.nexthops as object[] | undefined) ?? []),
				wayOf(words.slice(1)),
			];
			continue;
		}
		const type = ROUTE_TYPES.has(words[0] ?? "") ? words.shift() : undefined;
		const dst = words.shift() ?? "";
		if (
			!/^(default|[\d.]+(\/\d+)?|[\da-f]*:[\da-f:.]*:[\da-f:.]*(\/\d+)?)$/.test(
				dst,
			)
		)
			return null;
		records.push({
			...(type === undefined ? {} : { type }),
			dst,
			...wayOf(words),
		});
	}
	return records.length > 0 ? records : null;
}

function wayOf(words: readonly string[]): Record<string, unknown> {
	const record: Record<string, unknown> = {};
	const flags: string[] = [];
	for (let index = 0; index < words.length; index++) {
		const word = words[index] ?? "";
		if (ROUTE_FLAGS.has(word)) {
			flags.push(word);
			continue;
		}
		const value = words[++index] ?? "";
		const key = ROUTE_KEYS[word];
		if (word === "via" && value.startsWith("inet")) {
			record.via = { family: value, host: words[++index] ?? "" };
		} else if (word === "via") record.gateway = value;
		else if (word === "metric") record.metric = Number(value);
		else if (key !== undefined) record[key] = value;
	}
	return { ...record, flags };
}

/** `32765: from all fwmark 0x1/0xff lookup 100`. */
export function rulesOfText(text: string): readonly object[] | null {
	const records: object[] = [];
	for (const line of text.split("\n")) {
		if (line.trim() === "") continue;
		const [, priority, rest = ""] =
			/^(\d+):\s+((?:not )?from .*)$/.exec(line.trim()) ?? [];
		if (priority === undefined) return null;
		records.push({ priority: Number(priority), ...selectorsOf(rest) });
	}
	return records.length > 0 ? records : null;
}

const ACTIONS = new Set("blackhole unreachable prohibit nop".split(" "));

function selectorsOf(text: string): Record<string, unknown> {
	const record: Record<string, unknown> = {};
	const words = text.split(/\s+/);
	for (let index = 0; index < words.length; index++) {
		const word = words[index] ?? "";
		if (word === "not") record.not = null;
		else if (ACTIONS.has(word)) record.action = word;
		else if (word === "[detached]") continue;
		else {
			const value = words[++index] ?? "";
			const [address = "", length] = value.split("/");
			if (word === "from" || word === "to") {
				const key = word === "from" ? "src" : "dst";
				record[key] = address;
				if (length !== undefined) record[`${key}len`] = Number(length);
			} else if (word === "fwmark") {
				record.fwmark = address;
				if (length !== undefined) record.fwmask = length;
			} else record[word === "lookup" ? "table" : word] = value;
		}
	}
	return record;
}
