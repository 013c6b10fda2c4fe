/** `--properties`: a file of what has to hold. */
import {
	DEMAND_FORM,
	type Demand,
	readDemand,
} from "../../scenarios/analysis/prove/demand.ts";
import { readList } from "../files/read-list.ts";
import { InputError } from "../screen/input-error.ts";

/** A demand, and where it stands. */
export interface PlacedDemand extends Demand {
	/** `props.txt:3` */
	readonly where: string;
}

/**
 * @param file a demand a line, blank lines, and remarks behind #
 * @throws InputError for what is no demand, and where there is none
 */
export async function readDemands(
	file: string,
): Promise<readonly PlacedDemand[]> {
	const { name, lines } = await readList(file);
	const demands = lines.map(({ said, where }) => {
		const read = readDemand(said);
		if (typeof read === "string")
			throw new InputError(
				`${where}: ${said}: ${read}`,
				`A line is ${DEMAND_FORM}.`,
			);
		return { ...read, where };
	});
	if (demands.length === 0)
		throw new InputError(
			`${name} says of nothing that it has to hold`,
			`A line is ${DEMAND_FORM}.`,
		);
	return demands;
}
