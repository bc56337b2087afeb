import { buildViewer } from "../buildViewer.mjs";

/** Before any test runs. */
export default async function setup() {
  await buildViewer();
}
