import {
  type Axes,
  type DType,
  evaluateSize,
  type GraphBuilder,
  type StorageDType,
  type Tensor,
  TensorplanError,
  type WeightSource,
} from "@tensorplan/ir";

/** What a model definition must know of a file's tensor. Shape: slowest axis first. */
export interface TensorEntry {
  readonly shape: readonly number[];
  /** The element type, or undefined where the file uses one that the IR doesn't have. Some can be planned and not computed with. */
  readonly dtype: DType | undefined;
  /** The element type in the file, where values are converted to `dtype` while they are loaded. */
  readonly storedAs?: DType;
  /** The file's own name of the type, for messages. */
  readonly typeName: string;
}

/** The tensors of a file, or of a configuration without one. */
export interface TensorTable {
  get(name: string): TensorEntry | undefined;
}

const shapeOf = (axes: Axes): readonly number[] => axes.map((axis) => evaluateSize(axis.size, {}));

/** Declares a file's tensors as weights of a graph, each once, its shape checked against the axes that the model expects. */
export class WeightReader {
  readonly #builder: GraphBuilder;
  readonly #tensors: TensorTable;
  readonly #declared = new Map<string, Tensor<Axes, StorageDType>>();

  constructor(builder: GraphBuilder, tensors: TensorTable) {
    this.#builder = builder;
    this.#tensors = tensors;
  }

  has(tensor: string): boolean {
    return this.#tensors.get(tensor) !== undefined;
  }

  /** A matrix, or a stack of matrices, of any storage type. @throws TensorplanError `model/tensor-missing`, `model/tensor-shape` */
  matrix<const A extends Axes>(tensor: string, axes: A): Tensor<A, StorageDType> {
    const known = this.#declared.get(tensor);
    if (known !== undefined) return known as Tensor<A, StorageDType>;
    const dtype = this.dtype(tensor);
    this.expectShape(tensor, shapeOf(axes));
    const weight = this.#builder.weight(tensor, axes, dtype, this.#source({ kind: "tensor", tensor }));
    this.#declared.set(tensor, weight);
    return weight;
  }

  /** A vector that kernels read as f32, such as a norm's weight. @throws TensorplanError `model/tensor-type` for any other type */
  vector<const A extends Axes>(tensor: string, axes: A): Tensor<A, "f32"> {
    const dtype = this.dtype(tensor);
    if (dtype !== "f32") {
      throw new TensorplanError({
        code: "model/tensor-type",
        message: `the tensor '${tensor}' is ${dtype}; norms, biases and routers must be f32`,
        hint: "convert the model again: converters keep one-dimensional tensors in f32",
      });
    }
    this.expectShape(tensor, shapeOf(axes));
    return this.#builder.weight(tensor, axes, dtype);
  }

  /** A weight that is cut out of, or made from, a tensor of the file. */
  derived<const A extends Axes>(
    name: string,
    axes: A,
    dtype: StorageDType,
    source: WeightSource,
  ): Tensor<A, StorageDType> {
    return this.#builder.weight(name, axes, dtype, this.#source(source));
  }

  dtype(tensor: string): StorageDType {
    const entry = this.#entry(tensor);
    if (entry.dtype === undefined || entry.dtype === "i32") {
      throw new TensorplanError({
        code: "model/tensor-type",
        message: `the tensor '${tensor}' is stored as ${entry.typeName}, which Tensorplan can't compute with yet`,
        hint: "use a file with another quantisation, such as IQ4_NL or Q8_0",
      });
    }
    return entry.dtype;
  }

  expectShape(tensor: string, expected: readonly number[]): void {
    const { shape } = this.#entry(tensor);
    if (shape.length === expected.length && shape.every((n, i) => n === expected[i])) return;
    throw new TensorplanError({
      code: "model/tensor-shape",
      message: `the tensor '${tensor}' is [${shape.join(", ")}]; the model's settings ask for [${expected.join(", ")}]`,
      hint: "the file's metadata and tensors disagree: convert the model again",
    });
  }

  #source(source: WeightSource): WeightSource {
    const { storedAs } = this.#entry(source.tensor);
    return storedAs === undefined ? source : { ...source, storedAs };
  }

  #entry(tensor: string): TensorEntry {
    const entry = this.#tensors.get(tensor);
    if (entry === undefined) {
      throw new TensorplanError({
        code: "model/tensor-missing",
        message: `the file has no tensor '${tensor}'`,
        hint: "the file is incomplete, or a part of a split model is missing",
      });
    }
    return entry;
  }
}
