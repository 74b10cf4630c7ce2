// AWS's own AppSync simulator on a free port of this machine, with API key and IAM, storing nothing: a mutation
// answers with what it was given. Prints one line of JSON once it listens.

import simulator from "@aws-amplify/amplify-appsync-simulator";

const [apiKey, accessKey] = process.argv.slice(2);

const schema = `
  type Message @aws_api_key @aws_iam { id: ID! message: String! createdAt: AWSDateTime! }
  input CreateMessageInput { message: String! }
  type Query @aws_api_key @aws_iam { getMessage(id: ID!): Message }
  type Mutation @aws_api_key @aws_iam { createMessage(input: CreateMessageInput!): Message }
  type Subscription @aws_api_key @aws_iam { onCreateMessage: Message @aws_subscribe(mutations: ["createMessage"]) }
`;

const create = `{ "version": "2018-05-29", "payload": {
  "id": "$util.autoId()", "message": $util.toJson($ctx.args.input.message), "createdAt": "$util.time.nowISO8601()"
} }`;

const server = new simulator.AmplifyAppSyncSimulator({ port: 0 });
// It greets everybody on stdout, which is ours for the one line.
console.log = console.error;
server.init({
  schema: { content: schema },
  dataSources: [{ name: "nothing", type: "NONE" }],
  resolvers: [
    {
      kind: "UNIT",
      typeName: "Mutation",
      fieldName: "createMessage",
      dataSourceName: "nothing",
      requestMappingTemplate: create,
      responseMappingTemplate: "$util.toJson($ctx.result)",
    },
  ],
  appSync: {
    name: "peer",
    apiKey,
    authAccessKeyId: accessKey,
    defaultAuthenticationType: { authenticationType: "API_KEY" },
    additionalAuthenticationProviders: [{ authenticationType: "AWS_IAM" }],
  },
});
await server.start();

const host = `127.0.0.1:${new URL(server.localhostUrl).port}`;
const ready = { http: `http://${host}/graphql`, realtime: `ws://${host}/graphql/realtime`, api_key: apiKey };
process.stdout.write(JSON.stringify(ready) + "\n");
