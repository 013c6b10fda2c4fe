/**
 * Whether two types describe the same data: what one takes the other takes, with the same keys, and
 * with the same of them left out at will. Which of them may be written to is no matter.
 *
 *     true satisfies SameShape<Written, v.InferOutput<typeof schema>>;
 */
export type SameShape<One, Other> = [Shape<One>, Shape<Other>] extends [
	Shape<Other>,
	Shape<One>,
]
	? true
	: "the types differ";

/** Stands for a key that is left out: else a key that may be left out could be forgotten in the other type. */
type LeftOut = { readonly leftOut: unique symbol };

type Shape<Type> = Type extends readonly [infer First, infer Second]
	? readonly [Shape<First>, Shape<Second>]
	: Type extends readonly (infer Item)[]
		? readonly Shape<Item>[]
		: Type extends object
			? {
					readonly [Key in keyof Type]-?:
						| Shape<Type[Key]>
						| (object extends Pick<Type, Key> ? LeftOut : never);
				}
			: Type;
