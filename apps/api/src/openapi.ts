import { DocumentBuilder, type OpenAPIObject, SwaggerModule } from '@nestjs/swagger';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { problemResponses, problemSchema, scimErrorSchema, scimResponses } from './openapi.problems.js';
import { isScim } from './scim.problem.js';
import { version } from './version.js';

/** The contract as code has it, with the problems that any operation may answer. */
export function documentOf(app: NestFastifyApplication): OpenAPIObject {
  const config = new DocumentBuilder()
    .setTitle('Lexecon')
    .setDescription('Permit, deny or escalate what agents want to do, with a receipt that anyone can verify.')
    .setVersion(version)
    .addBearerAuth({ type: 'http', scheme: 'bearer', description: 'An API key (lxk_…) or a session token' })
    .build();
  const document = SwaggerModule.createDocument(app, config, {
    operationIdFactory: (controller, method) => `${controller.replace(/Controller$/, '')}_${method}`,
  });
  return withProblems(document);
}

/** Serves the document at /docs/json and a page that shows it at /docs, from this server's own files. */
export function serveDocument(app: NestFastifyApplication): void {
  SwaggerModule.setup('docs', app, () => documentOf(app), {
    jsonDocumentUrl: 'docs/json',
    yamlDocumentUrl: 'docs/yaml',
    customSiteTitle: 'Lexecon API',
    swaggerOptions: { persistAuthorization: false, tryItOutEnabled: true },
  });
}

const methods = ['get', 'post', 'put', 'patch', 'delete'] as const;

function withProblems(document: OpenAPIObject): OpenAPIObject {
  for (const [path, item] of Object.entries(document.paths))
    for (const method of methods) {
      const operation = item[method];
      if (!operation) continue;
      for (const [status, response] of Object.entries(isScim(path) ? scimResponses : problemResponses(operation)))
        operation.responses[status] ??= response;
    }
  return {
    ...document,
    components: {
      ...document.components,
      schemas: { ...document.components?.schemas, Problem: problemSchema, ScimError: scimErrorSchema },
    },
  };
}
