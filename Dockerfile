# dwcpd: node (serve) and guardian (guard).
#   docker build -t dwcpd:3.0.0 .
# or, built, inspected, pushed and named by its digest:  Publish-DwcpImage . -Registry registry.example:5000/novacron
# With UCX and the verbs providers, for RDMA in a datacentre:  docker build --build-arg RDMA=true ...  or  Publish-DwcpImage . -Rdma
# The last stage has no shell, no package manager and no root user.
ARG BUILD_IMAGE=mcr.microsoft.com/dotnet/sdk:10.0-noble
ARG BASE_IMAGE=mcr.microsoft.com/dotnet/runtime-deps:10.0-noble-chiseled

FROM ${BUILD_IMAGE} AS build
# Libraries of the build image's own distribution, which is the base's: 24.04 has UCX 1.16.
ARG RDMA=false
RUN mkdir -p /libraries && if [ "$RDMA" = true ]; then set -e; \
      apt-get update; apt-get install -y --no-install-recommends libucx0 ibverbs-providers; \
      from=/usr/lib/$(uname -m)-linux-gnu; to=/libraries$from; mkdir -p $to/ucx $to/libibverbs /libraries/etc/libibverbs.d; \
      cp -L $from/ucx/*.so.0 $to/ucx/; cp -L $from/libibverbs/*.so $to/libibverbs/; cp /etc/libibverbs.d/*.driver /libraries/etc/libibverbs.d/; \
      for file in $from/libuc?.so.0 $to/ucx/* $to/libibverbs/*; do ldd $file | awk '$3 ~ /^\// {print $3}'; done \
        | grep -vE '/(libc|libm|libdl|librt|libpthread)\.so' | sort -u | xargs -I{} cp -L {} $to/; \
      cp -L $from/libuc?.so.0 $to/; fi
WORKDIR /source
COPY global.json nuget.config Directory.Build.props Directory.Packages.props .editorconfig ./
COPY src/ src/
COPY module/assets/ module/assets/
# False leaves v1 out: the image of the last step of runbooks/deprecation.md.
ARG DWCP_V1=true
# For the machine that builds: linux-x64 or linux-arm64.
RUN dotnet publish src/NovaCron.Dwcp.Node --configuration Release --use-current-runtime --output /dwcpd -p:DwcpV1=$DWCP_V1 \
    && rm -f /dwcpd/createdump /dwcpd/*.xml

FROM ${BASE_IMAGE}
COPY --from=build /libraries/ /
COPY --from=build /dwcpd /usr/lib/dwcpd
ENV DOTNET_EnableDiagnostics=0
USER 65532:65532
EXPOSE 8080 8081 9090 7420/tcp 7420/udp
ENTRYPOINT ["/usr/lib/dwcpd/dwcpd"]
CMD ["serve"]
