/** Which links of the gateway nothing comes in by, as steps have it: model and kernel are told the same. */
import type { Operation } from "../../contract/gateway.ts";
import { parseIpCommand } from "../../routing/iproute/parse-command.ts";
import type { WorldSetup } from "./setup.ts";

export class LinkStates {
	readonly #setUp: readonly string[];
	readonly #down = new Set<string>();
	readonly #withoutCarrier = new Set<string>();

	constructor({ gateway }: Pick<WorldSetup, "gateway">) {
		this.#setUp = gateway?.ip ?? [];
		this.#begin();
	}

	/** Does what is sent on the link come in? */
	takes(name: string): boolean {
		return !this.#down.has(name) && !this.#withoutCarrier.has(name);
	}

	noteCarrier(name: string, isThere: boolean): void {
		if (isThere) this.#withoutCarrier.delete(name);
		else this.#withoutCarrier.add(name);
	}

	/** An operation has succeeded. */
	note(operation: Operation): void {
		switch (operation.kind) {
			case "link":
				this.#set(operation.interface, operation.up);
				break;
			case "ip":
				this.#noteCommand(operation.command);
				break;
			case "take-over":
				this.#begin();
				break;
			default:
		}
	}

	#begin(): void {
		this.#down.clear();
		this.#withoutCarrier.clear();
		for (const command of this.#setUp) this.#noteCommand(command);
	}

	#noteCommand(text: string): void {
		const parsed = parseIpCommand(text);
		if (parsed.kind !== "command" || parsed.command.object !== "link") return;
		const { dev, up } = parsed.command;
		if (up !== null) this.#set(dev, up);
	}

	#set(name: string, isUp: boolean): void {
		if (isUp) this.#down.delete(name);
		else this.#down.add(name);
	}
}
