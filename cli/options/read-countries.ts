/** Reads the files that iptables reads for `-m geoip` (`geoip_get_subnets` of libxt_geoip.c, xtables-addons 3.23). */
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { reasonOf } from "../../scenarios/files/file-failure.ts";
import {
	COUNTRY_CODE,
	type Countries,
	faultOfCountries,
	printRange,
} from "../../sim/contract/countries.ts";
import { InputError } from "../screen/input-error.ts";

/** Of a range: both ends, in the order of the network. */
const OCTETS = 8;
const SUFFIX = ".iv4";
const REMEDY = "Name a folder that xt_geoip_build wrote: /usr/share/xt_geoip.";

/** @throws InputError for a folder without such files, and for files that are none */
export async function readCountries(folder: string): Promise<Countries> {
	const codes = (await namesIn(folder))
		.filter((name) => name.endsWith(SUFFIX))
		.map((name) => name.slice(0, -SUFFIX.length))
		.filter((code) => COUNTRY_CODE.test(code))
		.sort();
	if (codes.length === 0)
		throw new InputError(
			`--geoip ${folder}: there is no file CODE${SUFFIX} in it`,
			REMEDY,
		);
	const countries: Record<string, readonly string[]> = {};
	for (const code of codes)
		countries[code] = await rangesIn(join(folder, `${code}${SUFFIX}`));
	const fault = faultOfCountries(countries);
	if (fault === null) return countries;
	throw new InputError(
		`--geoip ${folder}: ${fault.path}: ${fault.message}`,
		REMEDY,
	);
}

async function namesIn(folder: string): Promise<readonly string[]> {
	try {
		return await readdir(folder);
	} catch (error) {
		throw new InputError(`--geoip ${folder}: ${reasonOf(error)}`, REMEDY);
	}
}

async function octetsOf(file: string): Promise<Buffer> {
	try {
		return await readFile(file);
	} catch (error) {
		throw new InputError(`--geoip: cannot read ${file}: ${reasonOf(error)}`);
	}
}

async function rangesIn(file: string): Promise<readonly string[]> {
	const octets = await octetsOf(file);
	if (octets.length % OCTETS !== 0)
		throw new InputError(
			`--geoip: ${file} has ${octets.length} octets, which are no whole ranges`,
			REMEDY,
		);
	return Array.from({ length: octets.length / OCTETS }, (_, index) =>
		printRange([
			octets.readUInt32BE(index * OCTETS),
			octets.readUInt32BE(index * OCTETS + 4),
		]),
	);
}
