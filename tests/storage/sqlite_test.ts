import { storageContract } from "../contracts/storage_contract.ts";
import { sqliteBackend } from "./sqlite_backend.ts";

storageContract("sqlite", sqliteBackend);
