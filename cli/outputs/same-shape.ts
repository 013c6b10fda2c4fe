/**
 * Whether two types describe the same data: every key is in both, optional ones too, and what each
 * may hold. Which of them may be written to is no matter.
 *
 *     true satisfies SameShape<Written, v.InferOutput<typeof schema>>;
 */
export type SameShape<One, Other> = [Shape<One>, Shape<Other>] extends [
	Shape<Other>,
	Shape<One>,
]
	? true
	: "the types differ";

/** With all keys there: a key that may be left out is not to be forgotten. */
type Shape<Type> = Type extends readonly [infer First, infer Second]
	? readonly [Shape<First>, Shape<Second>]
	: Type extends readonly (infer Item)[]
		? readonly Shape<Item>[]
		: Type extends object
			? { readonly [Key in keyof Type]-?: Shape<Type[Key]> }
			: Type;
