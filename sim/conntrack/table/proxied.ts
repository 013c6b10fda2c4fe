/**
 * What conntrack keeps of connections that SYNPROXY opens (`struct nf_conn_synproxy`, and of
 * `struct nf_conn_seqadj` the reply direction: the other one is never offset; net/netfilter/nf_synproxy_core.c, 6.1).
 */
import type { Stateful } from "../../stateful.ts";

export interface ProxiedConnection {
	/** The sequence number that the client was answered with, in the server's place. */
	initialSequence: number;
	/** The timestamp that it was answered with, as its ACK has repeated it. */
	initialTimestamp: number;
	/** The server's timestamps are so much greater than those that the client sees. */
	timestampOffset: number;
	/** The server's sequence numbers are so much smaller than those that the client sees (`nf_ct_seqadj_init`). */
	sequenceOffset: number;
}

type Saved = readonly (readonly [entry: number, ProxiedConnection])[];

/** By entry. */
export class ProxiedConnections implements Stateful<Saved> {
	private readonly known = new Map<number, ProxiedConnection>();

	get(entry: number): ProxiedConnection | undefined {
		return this.known.get(entry);
	}

	begin(entry: number): void {
		this.known.set(entry, {
			initialSequence: 0,
			initialTimestamp: 0,
			timestampOffset: 0,
			sequenceOffset: 0,
		});
	}

	end(entry: number): void {
		this.known.delete(entry);
	}

	save(): Saved {
		return [...this.known].map(([entry, one]) => [entry, { ...one }]);
	}

	restore(saved: Saved): void {
		this.known.clear();
		for (const [entry, one] of saved) this.known.set(entry, { ...one });
	}
}
