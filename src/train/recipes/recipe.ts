import type { TrainConfig, TrainConfigInput } from "../config/config.js";

/** A named training set-up, or several that are compared. */
export interface Recipe {
  readonly title: string;
  /** Where it comes from. */
  readonly source: string;
  /** The result that it should reach. */
  readonly expected: string;
  /** Flags worth a try, and why. */
  readonly variations: readonly Variation[];
  readonly config: TrainConfig;
  /** The trainings of a comparison, in order: what each has of its own. None: the recipe is one training. */
  readonly trainings: Readonly<Record<string, Partial<TrainConfig>>>;
}

export interface Variation {
  readonly flags: string;
  readonly why: string;
}

/** A configuration as it is written down: without the recipe's name, and without what is the default. */
export type RecipeConfig = Omit<TrainConfigInput, "recipe">;

/** A recipe as it is written down: what it leaves out is the default. */
export interface DeclaredRecipe extends Pick<Recipe, "title" | "source" | "expected"> {
  readonly variations?: readonly Variation[];
  readonly config: RecipeConfig;
  readonly trainings?: Readonly<Record<string, Partial<RecipeConfig>>>;
}

export type DeclaredRecipes = Readonly<Record<string, DeclaredRecipe>>;
