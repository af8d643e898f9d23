import { Controller, Get, Inject, Param } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { type IdentitySettings, SETTINGS } from '../identity.config.js';
import { ScimError } from './scim.error.js';
import { listResponse, type ListResponse } from './scim.resource.js';
import { ScimRoute } from './scim.route.js';
import { resourceTypes, schemaDocuments, serviceProviderConfig } from './scim.schema.js';

@ApiTags('scim')
@Controller('scim/v2')
export class ScimDiscoveryController {
  readonly #base: string;

  constructor(@Inject(SETTINGS) { PUBLIC_URL = '' }: Pick<IdentitySettings, 'PUBLIC_URL'>) {
    this.#base = PUBLIC_URL;
  }

  @Get('ServiceProviderConfig')
  @ScimRoute({ summary: 'What of SCIM is offered' })
  config(): object {
    return serviceProviderConfig(this.#base);
  }

  @Get('ResourceTypes')
  @ScimRoute({ summary: 'Kinds of resources' })
  types(): ListResponse {
    const all = resourceTypes(this.#base);
    return listResponse(all.length, 1, all);
  }

  @Get('ResourceTypes/:id')
  @ScimRoute({ summary: 'One kind of resources' })
  type(@Param('id') id: string): object {
    return required(resourceTypes(this.#base).find((one) => one.id === id));
  }

  @Get('Schemas')
  @ScimRoute({ summary: 'Attributes of resources' })
  schemas(): ListResponse {
    const all = schemaDocuments(this.#base);
    return listResponse(all.length, 1, all);
  }

  @Get('Schemas/:id')
  @ScimRoute({ summary: 'Attributes of one kind of resources' })
  schema(@Param('id') id: string): object {
    return required(schemaDocuments(this.#base).find((one) => one.id === id));
  }
}

function required<T>(found: T | undefined): T {
  if (found === undefined) throw new ScimError(undefined, 404, 'There is no such thing.');
  return found;
}
