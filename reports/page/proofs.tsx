/** What was proved of all that may happen: each property under each event. */
import type {
	CounterexampleView,
	ProofCell,
	ProofView,
	ServiceProofView,
} from "../contract/report-proof.ts";
import { proofWords, statusWord } from "../wording.ts";
import { Scrolls } from "./parts/scrolls.tsx";
import { Sign } from "./parts/status.tsx";

export function Proofs({ proofs }: { readonly proofs: readonly ProofView[] }) {
	return (
		<section class="beyond" aria-labelledby="-proofs">
			<h2 id="-proofs">What was proved</h2>
			{proofs.map((proof, index) => (
				<Proof key={index} proof={proof} index={index} />
			))}
		</section>
	);
}

function Proof({
	proof,
	index,
}: {
	readonly proof: ProofView;
	readonly index: number;
}) {
	const { file, status, quiet, services, leftOut } = proof;
	return (
		<section>
			<h3>
				<Sign
					status={status}
					word={statusWord(status, { isComparison: false })}
				/>{" "}
				{file}: {proofWords(proof)}
			</h3>
			{services.map((service, at) => (
				<Service key={at} service={service} id={`-play-${index}-${at}`} />
			))}
			{leftOut.map((text) => (
				<p key={text} class="unknown">
					Not proved: {text}
				</p>
			))}
			<p class="remark">{quiet}</p>
		</section>
	);
}

/** @param id where its counterexamples stand; no scenario can be called so */
function Service({
	service: { service, events, cannot, properties, counterexamples },
	id,
}: {
	readonly service: ServiceProofView;
	readonly id: string;
}) {
	return (
		<section>
			<h4>{service}</h4>
			<Scrolls label={`Proofs of ${service}`} isWhole>
				<table class="proofs">
					<thead>
						<tr>
							<th scope="col">event</th>
							{properties.map(({ name, about }) => (
								<th key={name} scope="col" title={about}>
									{name}
								</th>
							))}
						</tr>
					</thead>
					<tbody>
						{events.map((event, at) => (
							<tr key={event}>
								<th scope="row">{event}</th>
								{properties.map(({ name, cells }) => (
									<Cell key={name} cell={cells[at]} id={id} />
								))}
							</tr>
						))}
					</tbody>
				</table>
			</Scrolls>
			{cannot.length > 0 && (
				<p class="remark">Does not happen here: {cannot.join(", ")}.</p>
			)}
			{counterexamples.map((one, at) => (
				<Counterexample key={at} id={`${id}-${at}`} one={one} />
			))}
		</section>
	);
}

/** The sign, and what it means in figures or why; a violated one leads to its play. */
function Cell({
	cell,
	id,
}: {
	readonly cell: ProofCell | undefined;
	readonly id: string;
}) {
	if (cell === undefined) return <td />;
	const { status, words, counterexample } = cell;
	return (
		<td>
			{status === "nothing" ? (
				<>
					<span class="sign vacuous" aria-hidden="true">
						–
					</span>{" "}
					nothing could violate it
				</>
			) : (
				<Sign status={status} word={status} isSaid />
			)}
			{counterexample >= 0 && (
				<>
					{" "}
					<a href={`#${id}-${counterexample}`}>counterexample</a>
				</>
			)}
			<span class="cell-words">{words}</span>
		</td>
	);
}

function Counterexample({
	one: { title, steps, happens, entry, replay },
	id,
}: {
	readonly one: CounterexampleView;
	readonly id: string;
}) {
	return (
		<div class="callout bad" id={id}>
			<strong>{title}:</strong> {happens}
			<ol>
				{steps.map(({ words, rules }, index) => (
					<li key={index}>
						{words}
						{rules.length > 0 && (
							<>
								{" "}
								<code>{rules.join(", ")}</code>
							</>
						)}
					</li>
				))}
			</ol>
			<p>
				<a href={`#${entry}`}>Its play, packet by packet</a>
			</p>
			<p class="replay">
				Play it: <code>{replay}</code>
			</p>
		</div>
	);
}
