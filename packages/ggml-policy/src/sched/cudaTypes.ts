const names = (text: string): ReadonlySet<string> => new Set(text.split(" "));

const blocks = "q4_0 q4_1 q5_0 q5_1 q8_0";
const superBlocks = "q2_k q3_k q4_k q5_k q6_k iq1_m iq1_s iq2_s iq2_xs iq2_xxs iq3_s iq3_xxs iq4_xs";

/** Types of a matrix that CUDA multiplies with. */
export const cudaMatrixTypes = names(`f32 f16 bf16 ${blocks} ${superBlocks} iq4_nl q8_k mxfp4`);

/** Types of a table that CUDA reads rows of. */
export const cudaRowTypes = names(`f32 f16 bf16 i32 ${blocks} ${superBlocks}`);

/** Types of a table that CUDA reads rows of where they are a multiple of 256 long. */
export const cudaLongRowTypes = names("iq4_nl mxfp4");

/** Types that CUDA can turn rows of f32 into. */
export const cudaStoredTypes = names(`f32 f16 bf16 ${blocks} iq4_nl`);
