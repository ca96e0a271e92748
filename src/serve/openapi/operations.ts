import { ACCOUNT_OPERATIONS } from "./account_operations.ts";
import { ADMIN_OPERATIONS } from "./admin_operations.ts";
import { FILE_OPERATIONS } from "./file_operations.ts";
import { MODULE_OPERATIONS } from "./module_operations.ts";
import type { Operation } from "./operation.ts";
import { SERVER_OPERATIONS } from "./server_operations.ts";
import { UPLOAD_OPERATIONS } from "./upload_operations.ts";

/**
 * Every route of the API. A test holds this list to the routes of the app, both ways: what is added
 * there is told here.
 */
export const OPERATIONS: Operation[] = [
  ...ACCOUNT_OPERATIONS,
  ...UPLOAD_OPERATIONS,
  ...FILE_OPERATIONS,
  ...ADMIN_OPERATIONS,
  ...MODULE_OPERATIONS,
  ...SERVER_OPERATIONS,
];
