/** Builder of services. */
import * as v from "valibot";
import type { Program } from "../../../sim/endpoint/program.ts";
import type {
	ServiceSetup,
	ServingBackend,
} from "../../../sim/world/setup/setup.ts";
import { address, list, object, oneOf, port, text } from "../schema/schema.ts";
import { checkArguments, options } from "./check-arguments.ts";

/** What `service` is given. @public */
export interface ServiceOptions {
	/** `tcp` when nothing is said. */
	readonly protocol?: "tcp" | "udp";
	readonly address: string;
	/** One port, or several: the first one is asked unless a step names another. */
	readonly port: number | readonly number[];
	/** Backends that serve it: names, or names with the port on which each listens; all when nothing is said. */
	readonly backends?: readonly (string | ServingBackend)[];
	/** SMTP over TCP and `echo` over UDP when nothing is said. */
	readonly speaks?: Program["kind"];
}

const serviceArguments = v.object({
	name: text,
	options: options<ServiceOptions>({
		protocol: oneOf(["tcp", "udp"]),
		address,
		port: v.lazy((given) => (Array.isArray(given) ? list(port) : port)),
		backends: list(
			v.lazy((given) =>
				typeof given === "string"
					? text
					: object({ backend: text, port: v.exactOptional(port) }),
			),
		),
		speaks: oneOf(["smtp", "http", "echo", "silent"]),
	}),
});

/**
 * A service: `service("web", { address: "10.0.0.1", port: 80, speaks: "http", backends: ["w1", "w2"] })`.
 * @public
 */
export function service(
	name: string,
	given: ServiceOptions,
	...surplus: readonly never[]
): ServiceSetup {
	checkArguments(
		"service",
		serviceArguments,
		{ name, options: given },
		surplus,
	);
	const { protocol = "tcp", port, backends, speaks } = given;
	return {
		name,
		protocol,
		address: given.address,
		ports: typeof port === "number" ? [port] : port,
		...(backends === undefined
			? {}
			: {
					backends: backends.map((one) =>
						typeof one === "string" ? { backend: one } : one,
					),
				}),
		...(speaks === undefined ? {} : { speaks: { kind: speaks } }),
	};
}
