/**
 * The agent that takes a request through the proxy that the environment names (`HTTPS_PROXY`, `NO_PROXY`),
 * if there is one: for libraries that do not look for it. All requests of the process go the same way, so it
 * is Azure's library, which is installed with us, that says so for other vendors too.
 */
export async function proxyAgentOf(url: string): Promise<unknown> {
  const { createPipelineRequest, proxyPolicy } = await import("@azure/core-rest-pipeline");
  const asked = createPipelineRequest({ url });
  await proxyPolicy().sendRequest(asked, (request) =>
    Promise.resolve({ request, status: 0, headers: request.headers }),
  );
  return asked.agent;
}
