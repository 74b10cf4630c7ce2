// Schemas that ship in npm packages.

import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { buildClientSchema, buildSchema } from "graphql";

/** Fetches the packages of packages.txt, alone and without running anything of theirs; gives the files of schemas. */
export function fetched() {
  const lines = readFileSync("packages.txt", "utf8").split("\n").filter((line) => line && !line.startsWith("#"));
  return lines.flatMap((line) => {
    const [name, ...paths] = line.split(" ");
    const folder = `node_modules/.schemas/${name.replaceAll("/", "+")}`;
    if (!existsSync(`${folder}/package.json`)) {
      mkdirSync(folder, { recursive: true });
      const packed = execFileSync("npm", ["pack", "--silent", "--pack-destination", folder, name], { encoding: "utf8" });
      const archive = `${folder}/${packed.trim().split("\n").at(-1)}`;
      execFileSync("tar", ["xzf", archive, "-C", folder, "--strip-components=1"]);
    }
    return paths.map((path) => `${folder}/${path}`).filter((file) => existsSync(file));
  });
}

/** What graphql-js makes of a file, whatever it thinks of its validity. */
export function theirs(file) {
  const text = readFileSync(file, "utf8");
  if (!file.endsWith(".json")) return buildSchema(text, { assumeValid: true, assumeValidSDL: true });
  const json = JSON.parse(text);
  return buildClientSchema(json.data ?? json, { assumeValid: true });
}
