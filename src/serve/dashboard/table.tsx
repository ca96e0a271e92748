import type { Child } from "hono/jsx";

/** A column of a table. */
export interface Column<T> {
  name: string;
  /** Returns the content of a cell. */
  cell: (item: T) => Child;
  /**
   * `num` is aligned to the right. On a narrow screen a row becomes a block, in which `wide` cells
   * have a line to themselves. The name of an `action` column is only read out.
   */
  kind?: "num" | "wide" | "wide record" | "action";
}

interface TableProps<T> {
  columns: Column<T>[];
  items: T[];
  /** Shown instead of a table without rows. */
  empty?: Child;
  /** Names a table that is wider than its card; the keyboard can then scroll it. */
  label?: string;
  /** Only `stacks` changes on a narrow screen. @default "stacks" */
  look?: "stacks" | "grid" | "plain";
  /** Attributes of an item's row. */
  row?: (item: T) => Record<string, string | boolean>;
}

/** A table with a row for each item. */
export function Table<T>(props: TableProps<T>) {
  const { columns, items, empty, label, look = "stacks", row = () => ({}) } = props;
  if (items.length === 0 && empty !== undefined) return <>{empty}</>;
  const region = label === undefined ? {} : { tabindex: 0, role: "region", "aria-label": label };
  return (
    <div class="scroll" {...region}>
      <table class={look}>
        <thead>
          <tr>
            {columns.map(({ name, kind }) => (
              <th scope="col" class={kind}>
                {kind === "action" ? <span class="visually-hidden">{name}</span> : name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {items.map((item) => (
            <tr {...row(item)}>
              {columns.map(({ name, kind, cell }) => (
                <td
                  class={kind}
                  data-label={kind === undefined || kind === "num" ? name : undefined}
                >
                  {cell(item)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
