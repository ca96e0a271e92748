import type { TokenView } from "../../protocol/tokens.ts";
import { Card, Empty, Time } from "./parts.tsx";
import { type Column, Table } from "./table.tsx";

/**
 * The API tokens of an account, each with a button that revokes it.
 * @param tokens null if their file has faults
 * @param api the route of the tokens
 */
export function Tokens({ tokens, api }: { tokens: TokenView[] | null; api: string }) {
  return (
    <Card id="tokens" title="API tokens" live>
      {tokens === null
        ? <Empty title="The file with the tokens has faults">Run mysimbdp manage doctor.</Empty>
        : (
          <Table
            columns={columnsOf(api)}
            items={tokens}
            label="API tokens"
            empty={<Empty title="No API tokens">mysimbdp fetch login creates one.</Empty>}
          />
        )}
    </Card>
  );
}

function columnsOf(api: string): Column<TokenView>[] {
  return [
    {
      name: "Name",
      kind: "wide",
      cell: ({ name, scope }) => (
        <>
          <div class="name">{name}</div>
          <div class="sub">{scope}</div>
        </>
      ),
    },
    { name: "Expires", cell: ({ expiresAt }) => <Time at={expiresAt} /> },
    {
      name: "Last used",
      cell: ({ lastUsedAt }) => lastUsedAt ? <Time at={lastUsedAt} /> : "never",
    },
    {
      name: "Revoke",
      kind: "action",
      cell: ({ id, name }) => (
        <form method="post" data-api={`DELETE ${api}/${id}`} data-done="Revoked.">
          <button class="small danger" type="submit">
            Revoke<span class="visually-hidden">{name}</span>
          </button>
          <output></output>
        </form>
      ),
    },
  ];
}
