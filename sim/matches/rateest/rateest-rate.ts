/** Rates with their units, as iproute2 and libxt_rateest read them (iptables 1.8.9, `rateest_get_rate`). */
import { scanDouble, toUint32 } from "../../extension/values/read-double.ts";

/** Bits per second of each unit, by its name in lower case. */
const UNITS: ReadonlyMap<string, number> = new Map([
	["bit", 1],
	["kibit", 1024],
	["kbit", 1e3],
	["mibit", 1024 ** 2],
	["mbit", 1e6],
	["gibit", 1024 ** 3],
	["gbit", 1e9],
	["tibit", 1024 ** 4],
	["tbit", 1e12],
	["bps", 8],
	["kibps", 8 * 1024],
	["kbps", 8e3],
	["mibps", 8 * 1024 ** 2],
	["mbps", 8e6],
	["gibps", 8 * 1024 ** 3],
	["gbps", 8e9],
	["tibps", 8 * 1024 ** 4],
	["tbps", 8e12],
]);

/** Octets per second, in 32 bits; a number without a unit is bits. `null` when it is no rate. */
export function readBytesPerSecond(text: string): number | null {
	const { value, end } = scanDouble(text);
	if (end === 0) return null;
	const unit = text.slice(end);
	const scale = unit === "" ? 1 : UNITS.get(unit.toLowerCase());
	return scale === undefined ? null : toUint32((value * scale) / 8);
}
